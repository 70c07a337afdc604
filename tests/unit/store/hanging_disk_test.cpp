#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <future>

#include "hanging_disk.hpp"
#include "store/sqlite_store.hpp"

// A disk that does not answer holds up the thread of the store, and nobody else.
namespace signalbox::store::test {
namespace {

using users::Commit;
using users::CommitGroup;
using users::StoreState;

constexpr Milliseconds kTimeout{60'000};  // of the store: the tests turn its clock

struct Hanging : testing::Test {
  Hanging() { std::filesystem::remove_all(directory); }
  ~Hanging() override { std::filesystem::remove_all(directory); }

  std::unique_ptr<SqliteStore> open(std::size_t bytes = 1 << 20) const {
    return std::make_unique<SqliteStore>(
        directory,
        SqliteStore::Options{.queue = Config{.store_queue_bytes = bytes, .store_timeout = kTimeout}, .give_up = {}});
  }
  static Row put(SqliteStore& store, std::uint64_t number, CommitGroup group = 0, std::size_t size = 100) {
    return store.put(
        "ada",
        {.frame = text_frame("42[\"" + std::string(size, 'x') + "\"]", FrameKind::outcome, std::to_string(number)),
         .number = number,
         .time = 5},
        0, group);
  }
  static std::future<Commit> fate(SqliteStore& store, CommitGroup group) {
    std::promise<Commit> done;
    auto future = done.get_future();
    store.when_committed(group, [done = std::move(done)](Commit commit) mutable { done.set_value(commit); });
    return future;
  }
  static Commit fate_of_one(SqliteStore& store, std::uint64_t number) {
    const CommitGroup group = store.new_group();
    put(store, number, group);
    return fate(store, group).get();
  }
  static bool waits(const std::future<Commit>& future) {
    return future.wait_for(std::chrono::seconds(0)) == std::future_status::timeout;
  }
  /// Until a thread that was left behind is through.
  void until_it_opens() const {
    for (;; std::this_thread::yield()) {
      try {
        return open()->close(kTimeout);
      } catch (const StoreError&) {
      }
    }
  }
  std::size_t on_the_disk() const {
    std::size_t count = 0;
    open()->load(true, [&](const auto&) {
      ++count;
      return true;
    });
    return count;
  }

  const std::string directory = testing::TempDir() + "signalbox-hanging-" + std::to_string(::getpid());
};

TEST_F(Hanging, who_waits_is_told_after_the_timeout_and_the_store_is_back_when_the_disk_is) {
  const auto store = open();
  const CommitGroup group = store->new_group();
  std::future<Commit> first;
  {
    HangingDisk disk;
    put(*store, 1, group);
    disk.catches_one();
    first = fate(*store, group);
    store->look(Clock::now() + kTimeout / 2);
    EXPECT_TRUE(store->ready());
    EXPECT_TRUE(waits(first));
    store->look(Clock::now() + kTimeout);
    EXPECT_EQ(store->state(), StoreState::hanging);
    EXPECT_EQ(first.get(), Commit::unknown);
    std::future<Commit> late = fate(*store, store->new_group());
    store->look(Clock::now() + kTimeout);
    EXPECT_EQ(late.get(), Commit::unknown);
  }
  EXPECT_EQ(fate_of_one(*store, 2), Commit::durable);
  EXPECT_TRUE(store->ready());
  store->close(kTimeout);
  EXPECT_EQ(on_the_disk(), 2u) << "nothing of what waited is missing";
}

TEST_F(Hanging, what_waits_for_the_disk_is_bounded) {
  const auto store = open(10'000);
  {
    HangingDisk disk;
    for (std::uint64_t i = 1; store->ready(); ++i) put(*store, i, 0, 1000);
    EXPECT_EQ(store->state(), StoreState::full);
    store->look(Clock::now());
    EXPECT_EQ(store->state(), StoreState::full) << "no reason to say that it hangs";
    // Receipts have some room beyond, and then are dropped.
    for (Row row = 1; row <= 1000; ++row) store->received("ada", {row}, 77);
    store->redate(1000);  // dates are not: a wrong one would end an outcome
  }
  EXPECT_EQ(fate(*store, store->new_group()).get(), Commit::durable);
  EXPECT_TRUE(store->ready());
  store->close(kTimeout);
  std::size_t all = 0, had = 0;
  open()->load(true, [&](const users::StoredOutcome& one) {
    ++all;
    had += one.received_at != 0;
    EXPECT_GE(one.time, 1000);
    return true;
  });
  EXPECT_GE(all, 7u);
  EXPECT_LE(all, 10u);
  EXPECT_GE(had, 1u);
}

TEST_F(Hanging, outcomes_that_are_asked_for_meanwhile_are_withheld) {
  const auto store = open();
  ASSERT_EQ(fate_of_one(*store, 1), Commit::durable);
  std::promise<std::size_t> during, after;
  const std::vector<users::StoredFrame> both{{1, text_frame({}, FrameKind::outcome, "1")},
                                             {2, text_frame({}, FrameKind::outcome, "2")}};
  {
    HangingDisk disk;
    put(*store, 2);
    disk.catches_one();
    store->read(both, SIZE_MAX, [&](const auto& found) { during.set_value(found.size()); });
    store->look(Clock::now() + kTimeout);
    EXPECT_EQ(during.get_future().get(), 0u);
  }
  store->read(both, SIZE_MAX, [&](const auto& found) { after.set_value(found.size()); });
  EXPECT_EQ(after.get_future().get(), 2u);
}

TEST_F(Hanging, the_end_does_not_wait_for_it_and_the_file_stays_locked_until_its_thread_is_through) {
  auto store = open();
  const CommitGroup group = store->new_group();
  std::future<Commit> waiting;
  {
    HangingDisk disk;
    put(*store, 1, group);
    disk.catches_one();
    put(*store, 2);
    waiting = fate(*store, group);
    store->close(Milliseconds{1});
    EXPECT_EQ(waiting.get(), Commit::unknown);
    EXPECT_FALSE(store->ready());
    EXPECT_EQ(fate(*store, store->new_group()).get(), Commit::failed) << "who comes too late is told so";
    store.reset();
    EXPECT_THROW(open(), StoreError) << "the thread has the file still";
  }
  until_it_opens();
  EXPECT_EQ(on_the_disk(), 2u) << "what was left has been written all the same";
}

TEST_F(Hanging, a_start_waits_until_it_is_told_to_give_up) {
  open();
  std::filesystem::remove(directory + "/outcomes.db");
  int asked = 0;
  {
    HangingDisk disk;
    EXPECT_THROW(SqliteStore(directory, {.queue = Config{.store_timeout = Milliseconds{1}},
                                         .give_up = [&] { return ++asked > 2; }}),
                 StoreError);
    EXPECT_EQ(asked, 3);
  }
  until_it_opens();
}

TEST_F(Hanging, a_folder_that_is_removed_meanwhile_refuses_outcomes_until_it_is_back) {
  const auto store = open();
  ASSERT_EQ(fate_of_one(*store, 1), Commit::durable);
  std::filesystem::rename(directory, directory + "-away");
  EXPECT_EQ(fate_of_one(*store, 2), Commit::failed);
  EXPECT_EQ(store->state(), StoreState::failing);
  std::filesystem::rename(directory + "-away", directory);
  while (fate_of_one(*store, 3) != Commit::durable) {
  }
  std::filesystem::remove(directory + "/outcomes.db-wal");
  EXPECT_EQ(fate_of_one(*store, 4), Commit::failed);
}

}  // namespace
}  // namespace signalbox::store::test
