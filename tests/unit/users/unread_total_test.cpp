#include <gtest/gtest.h>
#include <malloc.h>

#include "fake_mailboxes.hpp"
#include "noted_store.hpp"
#include "users/directory.hpp"

// What the unread outcomes of all users take of memory has a bound, since they may not be pushed out.
namespace signalbox::users::test {
namespace {

constexpr std::size_t kMost = 100'000;

EncodedEvent ended(const std::string& job, std::size_t bytes = 1) {
  return *job_frame(JobCompleted{.job_id = job, .result = std::string(bytes, 'x')}, {});
}
std::string user(std::size_t i) {
  return "user-" + std::to_string(i);
}

/// Without a store, and so with all data in memory.
struct UnreadTotal : testing::Test {
  static DirectoryOptions options() { return Config{.presence_events = false, .unread_total_bytes = kMost}; }
  /// An outcome for one user after the other, until one is refused: how many were taken.
  std::size_t fill(std::size_t bytes = 1) {
    for (std::size_t i = 0; i < kMost; ++i) {
      const auto taken = directory.emit(user(i), ended("7", bytes));
      if (taken) continue;
      EXPECT_EQ(taken.error(), Refusal::unread_full);
      return i;
    }
    ADD_FAILURE() << "none was refused";
    return 0;
  }
  FakeMailboxes mailboxes{1};
  Directory directory{mailboxes, options()};
};

struct UnreadTotalInStore : UnreadTotal {
  UnreadTotalInStore() { directory.open(store, test_now); }
  NotedStore store;
};

/// A store that nothing can be read from: of a node without a disk.
struct UnreadTotalWithoutDisk : UnreadTotal {
  UnreadTotalWithoutDisk() { directory.open(store, test_now); }
  struct : NotedStore {
    bool keeps_packets() const override { return false; }
  } store;
};

TEST_F(UnreadTotalWithoutDisk, their_data_counts_and_stays_in_memory) {
  const std::size_t taken = fill(1000);
  EXPECT_LT(taken, kMost / 1000);
  for (std::size_t i = 0; i < taken; ++i) EXPECT_GT(directory.ledger.job(user(i), "7")->data.size(), 1000u) << i;
}

TEST_F(UnreadTotalInStore, past_the_bound_outcomes_are_refused_and_all_else_is_taken) {
  const std::size_t taken = fill();
  EXPECT_GT(taken, kMost / 1000);
  EXPECT_LE(directory.ledger.unread_bytes(), kMost);
  EXPECT_TRUE(directory.emit(user(0), *job_frame(JobProgress{.job_id = "8"}, {})));
  EXPECT_TRUE(directory.emit(user(0), ended("7"))) << "it takes the place of one that waits";
  EXPECT_FALSE(directory.emit(user(taken), ended("8")));
  directory.ledger.confirm(user(0), {.up_to = 99});
  EXPECT_TRUE(directory.emit(user(taken), ended("8")));
}

TEST_F(UnreadTotalInStore, the_bound_is_of_their_index_and_not_of_data_that_the_store_has) {
  const std::size_t small = fill();
  Directory other(mailboxes, options());
  NotedStore far;
  other.open(far, test_now);
  for (std::size_t i = 0; i < small; ++i) EXPECT_TRUE(other.emit(user(i), ended("7", 10'000))) << i;
}

TEST_F(UnreadTotal, without_a_store_their_data_counts_as_well) {
  EXPECT_LE(fill(10'000), kMost / 10'000);
}

TEST_F(UnreadTotal, so_does_that_of_an_outcome_that_takes_the_place_of_a_smaller_one) {
  const std::size_t taken = fill();
  std::size_t grown = 0;
  for (std::size_t i = 0; i < taken; ++i) grown += directory.emit(user(i), ended("7", 10'000)).has_value();
  EXPECT_EQ(grown, 0u);
  EXPECT_TRUE(directory.emit(user(0), ended("7")));
  EXPECT_LE(directory.ledger.unread_bytes(), kMost);
}

TEST_F(UnreadTotal, ids_count) {
  const std::string long_id(250, 'j');
  std::size_t taken = 0;
  while (taken < kMost && directory.emit(user(0), ended(long_id + std::to_string(taken)))) ++taken;
  EXPECT_LT(taken, kMost / 256);
}

TEST_F(UnreadTotal, a_batch_does_not_pass_the_bound) {
  std::vector<Emission> batch;
  std::vector<std::string> users;
  for (std::size_t i = 0; i < 1000; ++i) users.push_back(user(i));
  for (const std::string& id : users) batch.push_back({id, ended("7")});
  EXPECT_EQ(directory.emit_all(batch).error(), Refusal::unread_full);
  EXPECT_EQ(directory.ledger.unread_bytes(), 0u);
  batch.resize(100);
  EXPECT_TRUE(directory.emit_all(batch));
}

TEST_F(UnreadTotal, all_is_given_back) {
  static WallMs wall;
  wall = 1'000'000'000;
  DirectoryOptions options = Config{.outcome_ttl = Milliseconds(1000)};
  options.clock = {[] { return wall; }, [] { return wall; }};
  Directory short_lived(mailboxes, options);
  for (std::size_t i = 0; i < 100; ++i) {
    for (const char* job : {"1", "2"}) ASSERT_TRUE(short_lived.emit(user(i % 50), ended(job + std::to_string(i))));
    ASSERT_TRUE(short_lived.emit(user(i % 50), *job_frame(JobProgress{.job_id = "1" + std::to_string(i)}, {})));
  }
  for (std::size_t i = 0; i < 20; ++i) short_lived.ledger.confirm(user(i), {.up_to = 99});
  EXPECT_GT(short_lived.ledger.unread_bytes(), 0u);
  wall += 2000;
  for (int second = 0; second < 20; ++second) short_lived.on_timer(test_now += std::chrono::seconds(1));
  EXPECT_EQ(short_lived.ledger.unread_bytes(), 0u);
}

struct AfterARestart : UnreadTotal {
  AfterARestart() {
    for (std::size_t i = 0; i < 1000; ++i) {
      store.find(user(i), {.frame = ended("7").frame, .number = 1, .time = coarse_unix_ms()});
    }
    directory.open(store, test_now);
  }
  NotedStore store;
};

TEST_F(AfterARestart, what_the_store_has_past_the_bound_is_all_there_and_new_ones_are_refused_until_it_is_less) {
  EXPECT_GT(directory.ledger.unread_bytes(), kMost);
  for (std::size_t i = 0; i < 1000; ++i) EXPECT_TRUE(directory.ledger.job(user(i), "7")) << i;
  EXPECT_EQ(directory.emit("new", ended("1")).error(), Refusal::unread_full);
  for (std::size_t i = 0; directory.ledger.unread_bytes() > kMost / 2; ++i)
    directory.ledger.confirm(user(i), {.up_to = 1});
  EXPECT_TRUE(directory.emit("new", ended("1")));
}

/// What is counted beside what it takes: of `users` users with `each` outcomes each.
void count(std::size_t users, std::size_t each) {
  FakeMailboxes mailboxes(1);
  Directory directory(mailboxes, Config{.presence_events = false});
  const std::size_t before = mallinfo2().uordblks;
  for (std::size_t i = 0; i < users; ++i) {
    for (std::size_t j = 0; j < each; ++j) {
      ASSERT_TRUE(directory.emit("a-user-with-a-long-id-" + std::to_string(i), ended("job-" + std::to_string(j))));
    }
  }
  const std::size_t taken = mallinfo2().uordblks - before;
  if (taken == 0) GTEST_SKIP() << "a sanitizer has an allocator of its own";
  EXPECT_GT(directory.ledger.unread_bytes(), taken / 10 * 9) << users << " users";
  EXPECT_LT(directory.ledger.unread_bytes(), taken / 2 * 3) << users << " users";
}

TEST(UnreadMemory, counts_what_outcomes_take_however_they_are_spread) {
  count(20'000, 1);
  count(5'000, 4);
  count(20, 1000);
}

}  // namespace
}  // namespace signalbox::users::test
