#include <gtest/gtest.h>
#include <malloc.h>

#include "fake_mailboxes.hpp"
#include "noted_store.hpp"
#include "users/directory.hpp"

// When memory is short, users who are away and have but outcomes are packed. Nobody notices.
namespace signalbox::users::test {
namespace {

FrameRef resting_outcome(const std::string& job, std::string_view result = "x") {
  return job_frame(JobCompleted{.job_id = job, .result = result}, {})->frame;
}

struct Resting : testing::Test {
  static WallMs& wall() {
    static WallMs now;
    return now;
  }
  static DirectoryOptions options(std::size_t total_bytes = 1) {
    DirectoryOptions options = Config{.presence_events = false,
                                      .presence_grace = Milliseconds(0),
                                      .outcome_ttl = Milliseconds(100'000),
                                      .ledger_total_bytes = total_bytes,
                                      .unread_total_bytes = Config().ledger_total_bytes};
    options.clock = {[] { return wall(); }, [] { return wall(); }};
    return options;
  }
  Resting() {
    wall() = 1'000'000'000;
    directory.open(store, test_now);
  }
  void emit(const std::string& job) { ASSERT_TRUE(directory.emit("ada", EncodedEvent{resting_outcome(job)})); }
  void pass(int seconds) {
    for (int i = 0; i < seconds; ++i, wall() += 1000) directory.on_timer(test_now += std::chrono::seconds(1));
  }
  /// What a login is told, once the store has answered.
  std::vector<std::string> log_in(const SocketRef& socket) {
    std::vector<std::string> told;
    directory.reader.when_loaded("ada", 0, [&] {
      Sockets::Joined joined = directory.sockets.join("ada", socket);
      ada = joined.user;
      for (const JobEntry& entry : joined.replay.entries) told.emplace_back(entry.frame->key());
    });
    store.answer();
    while (!mailboxes.boxes[0].empty()) {
      Message message = std::move(mailboxes.boxes[0].front());
      mailboxes.boxes[0].pop_front();
      if (message.kind == Message::Kind::task) message.rest->task();
    }
    return told;
  }

  FakeMailboxes mailboxes{1};
  NotedStore store;
  Directory directory{mailboxes, options()};
  const User* ada = nullptr;
  const SocketRef tab{0, 1, 1};
};

using Ids = std::vector<std::string>;

TEST_F(Resting, a_user_who_is_away_takes_a_fraction_of_the_memory) {
  const auto unread_bytes = [](std::size_t total_bytes) {
    FakeMailboxes boxes(1);
    NotedStore far;
    Directory other(boxes, options(total_bytes));
    other.open(far, test_now);
    for (int i = 0; i < 1000; ++i)
      EXPECT_TRUE(other.emit("user-" + std::to_string(i), EncodedEvent{resting_outcome("job-" + std::to_string(i))}));
    EXPECT_EQ(other.entries(), 1000u);
    return other.ledger.unread_bytes() / 1000;
  };
  EXPECT_LT(unread_bytes(1), 200u);
  EXPECT_GT(unread_bytes(SIZE_MAX), 400u) << "awake";
}

TEST_F(Resting, is_told_all_in_order_at_a_login) {
  for (const char* job : {"b", "a", "d", "c"}) emit(job);
  EXPECT_EQ(log_in(tab), (Ids{"b", "a", "d", "c"}));
  directory.ledger.confirm("ada", {.up_to = 4});
  EXPECT_EQ(directory.ledger.unread_bytes(), 0u);
}

TEST_F(Resting, unread_outcomes_are_counted_awake_and_at_rest) {
  for (const char* job : {"1", "2", "3", "3"}) emit(job);
  EXPECT_EQ(directory.ledger.unread_outcomes(), 3u) << "the newer one of a job has taken the other's place";
  EXPECT_EQ(directory.ledger.outcomes(), 4u);
  log_in(tab);
  EXPECT_EQ(directory.ledger.unread_outcomes(), 3u);
  directory.ledger.confirm("ada", {.up_to = 1});
  EXPECT_EQ(directory.ledger.unread_outcomes(), 2u);
  directory.sockets.leave(ada, tab, test_now);
  pass(20);
  EXPECT_EQ(directory.ledger.unread_outcomes(), 2u);
  pass(120);
  EXPECT_EQ(directory.ledger.unread_outcomes(), 0u) << "their time is over";
  EXPECT_EQ(directory.ledger.outcomes(), 4u);
}

TEST_F(Resting, numbers_go_on) {
  emit("1");
  emit("2");
  emit("1");
  EXPECT_EQ(store.notes, (Ids{"put ada 1 1", "put ada 2 2", "put ada 1 3"}));
  EXPECT_EQ(directory.ledger.jobs("ada").jobs.size(), 2u);
}

TEST_F(Resting, a_user_of_many_outcomes_rests_at_its_stripes_next_turn) {
  for (int i = 0; i < 18; ++i) emit(std::to_string(i));
  const std::size_t awake = directory.ledger.unread_bytes();
  pass(20);
  EXPECT_LT(directory.ledger.unread_bytes(), awake / 2);
  EXPECT_EQ(directory.ledger.jobs("ada").jobs.size(), 18u);
}

TEST_F(Resting, a_user_of_very_many_outcomes_rests_as_they_come) {
  for (int i = 0; i < 1000; ++i) emit(std::to_string(i));
  EXPECT_LT(directory.ledger.unread_bytes(), 1000u * 60);
  EXPECT_EQ(directory.ledger.jobs("ada").jobs.size(), 1000u);
}

TEST_F(Resting, progress_wakes_a_user_and_keeps_it_awake) {
  emit("1");
  ASSERT_TRUE(directory.emit("ada", *job_frame(JobProgress{.job_id = "2"}, {})));
  EXPECT_TRUE(directory.ledger.job("ada", "1"));
  EXPECT_TRUE(directory.ledger.job("ada", "2"));
}

TEST_F(Resting, outcomes_have_their_time) {
  emit("1");
  pass(90);
  emit("2");
  EXPECT_TRUE(directory.ledger.job("ada", "1"));
  pass(40);
  EXPECT_FALSE(directory.ledger.job("ada", "1"));
  EXPECT_TRUE(directory.ledger.job("ada", "2"));
  EXPECT_EQ(directory.ledger.unread_expired(), 1u);
  pass(120);
  EXPECT_EQ(directory.entries(), 0u);
  EXPECT_EQ(directory.ledger.unread_bytes(), 0u);
}

TEST_F(Resting, what_was_received_goes_when_memory_is_tight_and_the_rest_stays) {
  emit("1");
  emit("2");
  log_in(tab);
  directory.ledger.confirm("ada", {.up_to = 1});
  directory.sockets.leave(ada, tab, test_now);
  pass(40);
  EXPECT_FALSE(directory.ledger.job("ada", "1"));
  EXPECT_TRUE(directory.ledger.job("ada", "2"));
}

TEST_F(Resting, an_outcome_that_the_store_can_never_take_is_taken_back) {
  emit("1");
  emit("2");
  store.refuse({.user = "ada", .job_id = "1", .number = 1, .before = {}});
  EXPECT_FALSE(directory.ledger.job("ada", "1"));
  EXPECT_TRUE(directory.ledger.job("ada", "2"));
}

TEST_F(Resting, is_offline_and_one_of_those_who_are_known) {
  emit("1");
  EXPECT_FALSE(directory.presence.online("ada"));
  EXPECT_EQ(directory.sockets.connections("ada"), 0u);
  EXPECT_EQ(directory.entries(), 1u);
}

TEST_F(Resting, whoever_is_back_is_awake_while_connected) {
  emit("1");
  log_in(tab);
  emit("2");
  EXPECT_EQ(mailboxes.boxes[0].size(), 1u);
  pass(20);
  emit("3");
  EXPECT_EQ(mailboxes.boxes[0].size(), 2u);
  EXPECT_EQ(directory.sockets.connections("ada"), 1u);
}

/// Bytes that each of 20,000 outcomes takes after a start, spread over so many users.
void start(std::size_t users) {
  constexpr std::size_t kOutcomes = 20'000;
  const std::string uuid = "-0000-4000-8000-000000000000";
  NotedStore store;
  for (std::size_t i = 0; i < kOutcomes; ++i) {
    const std::string user = "user-" + std::to_string(i * users / kOutcomes),
                      job = std::to_string(10'000'000 + i) + uuid;
    store.find(user, {.frame = key_alone(resting_outcome(job)), .number = i + 1, .time = Resting::wall()});
  }
  FakeMailboxes mailboxes(1);
  Directory directory(mailboxes, Resting::options());
  const std::size_t before = mallinfo2().uordblks;
  directory.open(store, test_now);
  store.found = {};
  EXPECT_EQ(directory.entries(), users);
  EXPECT_LT(directory.ledger.unread_bytes() / kOutcomes, 200u) << users;
  // The frames of `found` were freed meanwhile.
  const std::size_t frame = allocated(key_alone(resting_outcome("10000000" + uuid))->memory());
  const std::size_t taken = mallinfo2().uordblks - before + kOutcomes * frame;
  if (mallinfo2().uordblks != 0) {
    EXPECT_LT(taken / kOutcomes, 200u) << users;
  }
}

TEST(RestingUsers, take_200_bytes_for_each_outcome_at_most_however_they_are_spread) {
  for (const std::size_t users : {20'000u, 5'000u, 20u, 2u}) start(users);
}

}  // namespace
}  // namespace signalbox::users::test
