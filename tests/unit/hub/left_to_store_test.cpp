#include <gtest/gtest.h>

#include "fake_hub.hpp"
#include "noted_store.hpp"

// When memory is short the data of outcomes lies in the store alone. Nobody notices but by waiting for it.
namespace signalbox::hub::test {
namespace {

const std::string kEnded = R"(42["job_completed",{"jobId":"7","result":1}])";
EncodedEvent ended(const char* job = "7") {
  return *job_frame(JobCompleted{.job_id = job, .result = 1}, {});
}

struct LeftToStore : testing::Test {
  static Config short_of_memory() {
    Config config;
    config.presence_events = false;
    config.ledger_total_bytes = 1;
    return config;
  }
  explicit LeftToStore(Config config = short_of_memory()) : hub(std::move(config)) {
    hub.directory.open(store, test_now);
    hub.registry.start(hub.config);
  }
  /// The store answers, and the shards hear of it.
  void answer() {
    store.answer();
    hub.deliver();
  }
  static Packets without_welcome(Packets sent) { return {sent.begin() + 2, sent.end()}; }

  NotedStore store;
  FakeHub hub;
};

TEST_F(LeftToStore, a_login_is_answered_when_its_outcomes_have_been_read) {
  ASSERT_TRUE(hub.directory.emit("ada", ended()));
  FakeClient ada(hub);
  ada.log_in("ada");
  EXPECT_EQ(ada.take(), Packets{});
  EXPECT_EQ(hub.directory.connections("ada"), 0u);
  answer();
  EXPECT_EQ(without_welcome(ada.take()), Packets{kEnded});
  EXPECT_EQ(hub.directory.connections("ada"), 1u);
}

TEST_F(LeftToStore, what_is_emitted_meanwhile_comes_behind_what_was_read) {
  ASSERT_TRUE(hub.directory.emit("ada", ended()));
  FakeClient ada(hub);
  ada.log_in("ada");
  ASSERT_TRUE(hub.directory.emit("ada", ended("8")));
  store.answer();
  ASSERT_TRUE(hub.directory.emit("ada", ended("9")));
  hub.deliver();
  EXPECT_EQ(without_welcome(ada.take()),
            (Packets{kEnded, std::string(ended("8")->packet()), std::string(ended("9")->packet())}));
}

TEST_F(LeftToStore, a_user_of_whom_nothing_lies_there_does_not_wait) {
  FakeClient ada(hub);
  ada.log_in("ada");
  EXPECT_EQ(ada.take().size(), 2u);
  EXPECT_EQ(store.notes, Packets{});
}

TEST_F(LeftToStore, of_two_logins_at_once_one_reads_for_both) {
  ASSERT_TRUE(hub.directory.emit("ada", ended()));
  FakeClient first(hub, 0), second(hub, 1);
  first.log_in("ada");
  second.log_in("ada");
  EXPECT_EQ(store.questions.size(), 1u);
  answer();
  EXPECT_EQ(without_welcome(first.take()), Packets{kEnded});
  EXPECT_EQ(without_welcome(second.take()), Packets{kEnded});
}

TEST_F(LeftToStore, a_client_that_leaves_meanwhile_leaves_nothing_behind) {
  ASSERT_TRUE(hub.directory.emit("ada", ended()));
  {
    FakeClient ada(hub);
    ada.log_in("ada");
  }
  answer();
  EXPECT_EQ(hub.directory.connections("ada"), 0u);
  EXPECT_FALSE(hub.directory.job("ada", "7")->had);
}

TEST_F(LeftToStore, a_connected_client_is_told_at_once_and_its_receipt_counts) {
  FakeClient ada(hub);
  ada.log_in("ada");
  ada.take();
  ASSERT_TRUE(hub.directory.emit("ada", ended()));
  hub.deliver();
  EXPECT_EQ(ada.take(), Packets{kEnded});
  ada.client.on_received(ada.marker, test_now);
  ada.client.on_timer(test_now + std::chrono::seconds(1));
  EXPECT_TRUE(hub.directory.job("ada", "7")->had);
}

TEST_F(LeftToStore, questions_about_jobs_wait_for_it_too) {
  FakeClient ada(hub);
  ada.log_in("ada");
  ada.take();
  ASSERT_TRUE(hub.directory.emit("ada", ended()));
  hub.deliver();
  ada.take();
  ada.text(R"(21["job_status","7"])");
  ada.text(R"(22["jobs"])");
  EXPECT_EQ(ada.take(), Packets{});
  answer();
  const Packets told = ada.take();
  ASSERT_EQ(told.size(), 2u);
  EXPECT_TRUE(told[0].starts_with(R"(431[{"jobId":"7","event":"job_completed","data":{"jobId":"7","result":1},)"));
  EXPECT_TRUE(told[1].starts_with(R"(432[[{"jobId":"7","event":"job_completed","data":{"jobId":"7","result":1},)"));
}

TEST_F(LeftToStore, who_logs_in_while_the_store_cannot_read_is_told_at_a_later_login) {
  ASSERT_TRUE(hub.directory.emit("ada", ended()));
  const auto kept = std::exchange(store.kept, {});
  ASSERT_TRUE(hub.directory.emit("ada", ended("8")));
  FakeClient ada(hub);
  ada.log_in("ada");
  answer();
  EXPECT_EQ(without_welcome(ada.take()), Packets{std::string(ended("8")->packet())});
  ada.client.on_received(ada.marker, test_now);
  ada.client.on_timer(test_now + std::chrono::seconds(1));
  EXPECT_FALSE(hub.directory.job("ada", "7")->had) << "though what came after it was had";
  store.kept.insert(store.kept.end(), kept.begin(), kept.end());
  FakeClient again(hub);
  again.log_in("ada");
  answer();
  EXPECT_EQ(without_welcome(again.take()), (Packets{kEnded, std::string(ended("8")->packet())}));
}

TEST_F(LeftToStore, what_was_found_at_the_start_is_left_there) {
  FakeHub after(short_of_memory());
  store.found = {{.user = "ada", .job_id = "7", .entry = {.frame = ended().frame, .number = 5}}};
  after.directory.open(store, test_now);
  after.registry.start(after.config);
  EXPECT_EQ(after.directory.job("ada", "7")->event, "");
}

struct LeftToStoreAndRecovering : LeftToStore {
  static Config recovering() {
    Config config = short_of_memory();
    config.recovery_window = std::chrono::seconds(60);
    return config;
  }
  LeftToStoreAndRecovering() : LeftToStore(recovering()) {}
};

TEST_F(LeftToStoreAndRecovering, a_login_waits_as_well_and_a_client_may_leave_meanwhile) {
  ASSERT_TRUE(hub.directory.emit("ada", ended()));
  FakeClient ada(hub);
  ada.log_in("ada");
  {
    FakeClient leaves(hub);
    leaves.log_in("ada");
  }
  answer();
  const Packets told = ada.take();
  ASSERT_EQ(told.size(), 3u);
  EXPECT_TRUE(told[2].starts_with(kEnded.substr(0, kEnded.size() - 1))) << "and an offset";
}

TEST(WithoutStore, all_stays_in_memory_however_short_it_is) {
  FakeHub hub(LeftToStore::short_of_memory());
  hub.registry.start(hub.config);
  ASSERT_TRUE(hub.directory.emit("ada", ended()));
  FakeClient ada(hub);
  ada.log_in("ada");
  EXPECT_EQ(ada.take().back(), kEnded);
}

TEST(UnreadOutcomes, a_batch_does_not_pass_their_bound) {
  Config config;
  config.unread_outcomes_per_user = 2;
  FakeHub hub(config);
  EXPECT_EQ(hub.directory.emit_all({{"ada", ended("1")}, {"ada", ended("2")}, {"ada", ended("3")}}).error(),
            Directory::Refusal::too_many_unread);
  EXPECT_TRUE(hub.directory.emit_all({{"ada", ended("1")}, {"grace", ended("2")}, {"ada", ended("3")}}));
  EXPECT_FALSE(hub.directory.emit("ada", ended("4")));
}

}  // namespace
}  // namespace signalbox::hub::test
