#include <gtest/gtest.h>

#include "fake_hub.hpp"
#include "recovering_client.hpp"
#include "unit/users/noted_store.hpp"

// When memory is short the data of outcomes lies in the store alone. Nobody notices but by waiting for it.
namespace signalbox::hub::test {
namespace {

using users::test::NotedStore;

const std::string kEnded = R"(42["job_completed",{"jobId":"7","result":1}])";
users::EncodedEvent ended(const char* job = "7") {
  return *users::job_frame(JobCompleted{.job_id = job, .result = 1}, {});
}

struct LeftToStore : testing::Test {
  static Config short_of_memory() {
    Config config;
    config.presence_events = false;
    config.ledger_total_bytes = 1;
    return config;
  }
  /// For what is known of some jobs, and not for the data of their outcomes.
  static Config enough_memory() {
    Config config = short_of_memory();
    config.ledger_total_bytes = 200'000;
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
  EXPECT_EQ(hub.directory.sockets.connections("ada"), 0u);
  answer();
  EXPECT_EQ(without_welcome(ada.take()), Packets{kEnded});
  EXPECT_EQ(hub.directory.sockets.connections("ada"), 1u);
}

TEST_F(LeftToStore, nobody_waits_for_a_disk_that_does_not_answer) {
  const char* users[] = {"ada", "bob", "cy"};
  std::vector<std::unique_ptr<FakeClient>> clients;
  for (const char* user : users) {
    ASSERT_TRUE(hub.directory.emit(user, ended()));
    clients.push_back(std::make_unique<FakeClient>(hub));
    clients.back()->log_in(user);
    EXPECT_EQ(clients.back()->take(), Packets{});
  }
  store.how = users::StoreState::hanging;
  // One who has been asked for in each look, and all who would have been asked for after.
  for (int second = 1; second <= 2; ++second) hub.directory.on_timer(test_now + std::chrono::seconds(second));
  hub.deliver();
  for (const auto& client : clients) EXPECT_EQ(without_welcome(client->take()), Packets{}) << "it is withheld";
  FakeClient late(hub);
  late.log_in("ada");
  EXPECT_EQ(without_welcome(late.take()), Packets{}) << "at once";
  EXPECT_EQ(hub.directory.emit("ada", ended("8")).error(), users::Refusal::not_durable);
  store.how = users::StoreState::full;
  EXPECT_EQ(hub.directory.emit("ada", ended("8")).error(), users::Refusal::store_full);
  EXPECT_TRUE(hub.directory.emit("ada", *users::job_frame(JobProgress{.job_id = "9", .progress = 1}, {})))
      << "progress goes on";

  store.how = users::StoreState::ready;
  FakeClient back(hub);
  back.log_in("bob");
  answer();
  EXPECT_EQ(without_welcome(back.take()), Packets{kEnded});
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
  EXPECT_EQ(hub.directory.sockets.connections("ada"), 0u);
  EXPECT_FALSE(hub.directory.ledger.job("ada", "7")->received);
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
  EXPECT_TRUE(hub.directory.ledger.job("ada", "7")->received);
}

TEST_F(LeftToStore, questions_about_jobs_wait_for_it_too) {
  FakeClient ada(hub);
  ada.log_in("ada");
  ada.take();
  ASSERT_TRUE(hub.directory.emit("ada", ended()));
  hub.deliver();
  ada.take();
  Packets told;
  for (const char* question : {R"(21["job_status","7"])", R"(22["jobs"])"}) {
    ada.text(question);
    EXPECT_EQ(ada.take(), Packets{});
    answer();
    told.push_back(ada.take().at(0));
  }
  EXPECT_TRUE(told[0].starts_with(R"(431[{"jobId":"7","event":"job_completed","data":{"jobId":"7","result":1},)"));
  EXPECT_TRUE(told[1].starts_with(R"(432[[{"jobId":"7","event":"job_completed","data":{"jobId":"7","result":1},)"));
}

struct CannotRead : LeftToStore {
  CannotRead() {
    for (const char* job : {"1", "2", "3"}) EXPECT_TRUE(hub.directory.emit("ada", ended(job)));
    unreadable = std::exchange(store.kept, {});
    EXPECT_TRUE(hub.directory.emit("ada", ended("8")));
  }
  void read_again() { store.kept.insert(store.kept.begin(), unreadable.begin(), unreadable.end()); }
  /// All that it was sent so far has come.
  static void received(FakeClient& client) {
    client.client.on_received(client.marker, test_now);
    client.client.on_timer(test_now + std::chrono::seconds(1));
  }
  bool had(const char* job) { return hub.directory.ledger.job("ada", job)->received; }
  static Packets outcomes(std::initializer_list<const char*> jobs) {
    Packets out;
    for (const char* job : jobs) out.emplace_back(ended(job)->packet());
    return out;
  }
  std::vector<NotedStore::Noted> unreadable;
};

TEST_F(CannotRead, what_a_login_was_not_told_is_told_at_a_later_one) {
  FakeClient ada(hub);
  ada.log_in("ada");
  answer();
  EXPECT_EQ(without_welcome(ada.take()), outcomes({"8"}));
  read_again();
  FakeClient again(hub);
  again.log_in("ada");
  answer();
  EXPECT_EQ(without_welcome(again.take()), outcomes({"1", "2", "3", "8"}));
  received(again);
  EXPECT_TRUE(had("1"));
}

TEST_F(CannotRead, a_socket_that_was_not_told_all_confirms_what_comes_behind_it_alone_though_others_read_it_meanwhile) {
  FakeClient ada(hub);
  ada.log_in("ada");
  answer();
  ASSERT_TRUE(hub.directory.emit("ada", ended("9")));
  hub.deliver();
  EXPECT_EQ(without_welcome(ada.take()), outcomes({"8", "9"}));
  read_again();
  ada.text(R"(21["jobs"])");
  answer();
  received(ada);
  for (const char* job : {"1", "2", "3"}) EXPECT_FALSE(had(job));
  for (const char* job : {"8", "9"}) EXPECT_TRUE(had(job));
  EXPECT_EQ(Packets(store.notes.end() - 2, store.notes.end()), (Packets{"received ada 8", "received ada 9"}));
}

TEST_F(LeftToStore, a_login_that_waits_too_long_for_it_is_closed) {
  ASSERT_TRUE(hub.directory.emit("ada", ended()));
  FakeClient ada(hub);
  ada.log_in("ada");
  const TimePoint until = ada.client.next_deadline();
  EXPECT_EQ(until, test_now + hub.config.connect_timeout);
  ada.client.on_timer(until);
  EXPECT_EQ(ada.closed, CloseReason::forced_close);
  FakeClient in_time(hub);
  in_time.log_in("ada");
  answer();
  EXPECT_GT(in_time.client.next_deadline(), until);
}

TEST_F(LeftToStore, what_runs_is_not_pushed_out_by_what_is_read_for_a_moment) {
  FakeHub roomy(enough_memory());
  NotedStore far;
  roomy.directory.open(far, test_now);
  roomy.registry.start(roomy.config);
  const std::string large(100'000, 'x');
  for (const char* job : {"1", "2", "3"})
    ASSERT_TRUE(roomy.directory.emit("ada", *users::job_frame(JobCompleted{.job_id = job, .result = large}, {})));
  const json much = {{"log", std::string(40'000, 'x')}};  // memory is short, and there is but a little too much in it
  ASSERT_TRUE(
      roomy.directory.emit("ada", *users::job_frame(JobProgress{.job_id = "runs", .progress = 1, .extra = much}, {})));
  const auto seconds_pass = [&] {
    for (int i = 0; i < 40; ++i) roomy.directory.on_timer(test_now += std::chrono::seconds(1));
  };
  seconds_pass();
  FakeClient ada(roomy);
  ada.log_in("ada");
  far.answer();  // they are in memory, and have not been told yet
  seconds_pass();
  EXPECT_TRUE(roomy.directory.ledger.job("ada", "runs"));
  roomy.deliver();
  EXPECT_EQ(ada.take().size(), 2u + 4u);
}

TEST_F(LeftToStore, what_was_found_at_the_start_is_left_there) {
  FakeHub after(short_of_memory());
  store.find("ada", {.frame = ended().frame, .number = 5});
  after.directory.open(store, test_now);
  after.registry.start(after.config);
  EXPECT_EQ(after.directory.ledger.job("ada", "7")->event, "");
}

TEST_F(LeftToStore, a_start_asks_for_no_data_that_has_no_room) {
  for (const std::size_t bytes : {100'000, 150'000}) {
    FakeHub after(enough_memory());
    NotedStore far;
    far.find("ada", {.frame = ended().frame, .number = 5});
    far.found_bytes = bytes;
    after.directory.open(far, test_now);
    EXPECT_EQ(far.asked_for_packets, bytes == 100'000);
    EXPECT_EQ(after.directory.ledger.job("ada", "7")->event, bytes == 100'000 ? "job_completed" : "");
  }
}

TEST_F(LeftToStore, a_start_that_finds_memory_short_in_the_middle_has_all_of_each_user_in_their_order) {
  NotedStore far;
  for (int job = 0; job < 3000; ++job) {
    const auto event =
        users::job_frame(JobCompleted{.job_id = std::to_string(job), .result = std::string(1000, 'x')}, {});
    far.find("user-" + std::to_string(job % 3), {.frame = event->frame, .number = 1u + static_cast<unsigned>(job) / 3});
  }
  far.kept = far.found;
  Config config = short_of_memory();
  config.ledger_total_bytes = 2'000'000;
  FakeHub after(config);
  after.directory.open(far, test_now);
  EXPECT_EQ(after.directory.entries(), 3u);
  EXPECT_FALSE(after.directory.ledger.job("user-0", "0")->event.empty());
  EXPECT_TRUE(after.directory.ledger.job("user-0", "2997")->event.empty());
  after.registry.start(after.config);
  FakeClient client(after);
  client.log_in("user-1");
  far.answer();
  after.deliver();
  const Packets told = without_welcome(client.take());
  ASSERT_EQ(told.size(), 1000u);
  for (int i = 0; i < 1000; ++i)
    ASSERT_TRUE(told[static_cast<std::size_t>(i)].starts_with(R"(42["job_completed",{"jobId":")" +
                                                              std::to_string(1 + 3 * i) + '"'));
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

TEST_F(LeftToStoreAndRecovering,
       a_socket_that_was_not_told_all_confirms_what_comes_behind_it_alone_as_a_recovered_one_too) {
  ASSERT_TRUE(hub.directory.emit("ada", ended("1")));
  const auto unreadable = std::exchange(store.kept, {});
  ASSERT_TRUE(hub.directory.emit("ada", ended("2")));
  Recovering ada(hub, "ada");
  ada.connect(0);
  answer();
  ada.hear();
  store.kept.insert(store.kept.begin(), unreadable.begin(), unreadable.end());
  ada.cut();
  ada.connect(1);
  EXPECT_TRUE(ada.recovered);
  ASSERT_TRUE(hub.directory.emit("ada", ended("3")));
  hub.deliver();
  ada.connection().client.on_received(ada.connection().marker, test_now);
  ada.connection().client.on_timer(test_now + std::chrono::seconds(1));
  EXPECT_FALSE(hub.directory.ledger.job("ada", "1")->received);
  EXPECT_TRUE(hub.directory.ledger.job("ada", "3")->received);
}

TEST_F(CannotRead, what_stays_unreadable_keeps_no_others_from_being_confirmed) {
  hub.config.unread_outcomes_per_user = 5;  // four of them wait
  FakeClient ada(hub);
  ada.log_in("ada");
  answer();
  received(ada);
  for (int i = 10; i < 30; ++i) {
    ASSERT_TRUE(hub.directory.emit("ada", ended(std::to_string(i).c_str()))) << i;
    hub.deliver();
    received(ada);
  }
}

struct LeftToStoreAndJoined : LeftToStore {
  LeftToStoreAndJoined() {
    two.events("/other");
    two.directory.open(far, test_now);
    two.registry.start(two.config);
    EXPECT_TRUE(two.directory.emit("ada", ended()));
    ada.log_in("ada", "/other,");
    ada.log_in("ada");
    EXPECT_EQ(ada.take().size(), 2u) << "the other namespace answers";
  }
  FakeHub two{short_of_memory()};
  NotedStore far;
  FakeClient ada{two};
};

TEST_F(LeftToStoreAndJoined, a_login_that_waits_too_long_is_closed_as_well) {
  EXPECT_EQ(ada.client.next_deadline(), test_now + two.config.connect_timeout);
  ada.client.on_timer(test_now + two.config.connect_timeout);
  EXPECT_EQ(ada.closed, CloseReason::forced_close);
}

TEST_F(LeftToStoreAndJoined, who_gives_up_a_login_that_waits_may_stay) {
  ada.text("1");
  ada.client.on_timer(test_now + two.config.connect_timeout);
  EXPECT_FALSE(ada.closed);
}

TEST_F(LeftToStore, no_more_is_read_while_much_of_it_is_to_be_told) {
  for (const char* user : {"ada", "grace"}) ASSERT_TRUE(hub.directory.emit(user, ended()));
  FakeClient ada(hub), grace(hub);
  ada.log_in("ada");
  grace.log_in("grace");
  store.answer();
  EXPECT_TRUE(store.questions.empty()) << "what is ada's has been read, and she has not been told";
  hub.deliver();
  EXPECT_EQ(ada.take().size(), 3u);
  answer();
  EXPECT_EQ(grace.take().size(), 3u);
}

TEST_F(LeftToStore, progress_far_past_the_limit_goes_before_all_outcomes_are_left_to_the_store) {
  FakeHub roomy(enough_memory());
  NotedStore far;
  roomy.directory.open(far, test_now);
  roomy.registry.start(roomy.config);
  const json much = {{"log", std::string(100'000, 'x')}};
  const auto user = [](int i) { return "user-" + std::to_string(i); };
  for (int i = 0; i < 20; ++i) {
    const auto runs = users::job_frame(JobProgress{.job_id = "runs", .progress = 1, .extra = much}, {});
    ASSERT_TRUE(roomy.directory.emit(user(i), *runs));
  }
  for (int i = 0; i < 16; ++i) roomy.directory.on_timer(test_now += std::chrono::seconds(1));
  int left = 0;
  for (int i = 0; i < 20; ++i) left += roomy.directory.ledger.job(user(i), "runs").has_value();
  EXPECT_LE(left, 2);
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
            users::Refusal::too_many_unread);
  EXPECT_TRUE(hub.directory.emit_all({{"ada", ended("1")}, {"grace", ended("2")}, {"ada", ended("3")}}));
  EXPECT_FALSE(hub.directory.emit("ada", ended("4")));
}

TEST(UnreadOutcomes, those_without_an_id_in_a_batch_take_no_room_since_they_are_not_kept) {
  Config config;
  config.unread_outcomes_per_user = 1;
  FakeHub hub(config);
  EXPECT_TRUE(hub.directory.emit_all({{"ada", ended("")}, {"ada", ended("1")}}));
}

// ---- Much that comes between two looks

struct Bursts : testing::Test {
  static Config config() {
    Config config;
    config.presence_events = false;
    config.ledger_total_bytes = 1 << 20;
    return config;
  }
  FakeHub hub{config()};
};

TEST_F(Bursts, of_progress_go_as_they_come_where_memory_is_full) {
  const std::string step(10'000, 'x');
  for (int i = 0; i < 1000; ++i) {
    const std::string user = "user " + std::to_string(i % 100);
    const std::string job = std::to_string(i);
    ASSERT_TRUE(
        hub.directory.emit(user, *users::job_frame(JobProgress{.job_id = job, .progress = 5, .status = step}, {})));
  }
  std::size_t kept = 0;
  for (int i = 0; i < 100; ++i) kept += hub.directory.ledger.jobs("user " + std::to_string(i)).jobs.size();
  EXPECT_LT(kept * step.size(), (1u << 20) * 11 / 8);
  EXPECT_GT(kept, 0u);
}

}  // namespace
}  // namespace signalbox::hub::test
