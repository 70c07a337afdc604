#include "users/ledger_clock.hpp"

#include <gtest/gtest.h>

#include <cstdlib>

#include "fake_mailboxes.hpp"
#include "noted_store.hpp"
#include "users/directory.hpp"

// Whoever sets the wall clock ends nothing that is kept.
namespace signalbox::users::test {
namespace {

constexpr std::int64_t kSecond = 1000, kHour = 3600 * kSecond, kYear = 365 * 24 * kHour;
constexpr WallMs kNoon = 50 * kYear;

/// Two clocks that a test moves.
struct Clocks {
  static inline WallMs wall;
  static inline std::int64_t steady;
  Clocks() { wall = kNoon, steady = 7 * kHour; }
  static LedgerClock::Source source() {
    return {[] { return wall; }, [] { return steady; }};
  }
  static void pass(std::int64_t time) { wall += time, steady += time; }
};

struct LedgerClockTest : testing::Test, Clocks {
  LedgerClock clock{source()};
};

TEST_F(LedgerClockTest, begins_as_the_wall_clock_and_goes_on_as_the_steady_one) {
  EXPECT_EQ(clock.now(), kNoon);
  pass(kHour);
  wall -= 10 * kYear;
  EXPECT_EQ(clock.now(), kNoon + kHour);
}

TEST_F(LedgerClockTest, tells_what_the_wall_clock_says_of_a_moment) {
  const LedgerMs then = clock.now();
  EXPECT_EQ(clock.wall(then), kNoon);
  wall += kHour;
  EXPECT_EQ(clock.look(), kHour);
  EXPECT_EQ(clock.wall(then), kNoon + kHour);
  EXPECT_EQ(clock.look(), 0);
}

TEST_F(LedgerClockTest, takes_no_drift_for_a_jump) {
  wall += LedgerClock::kDriftMs - 1;
  EXPECT_EQ(clock.look(), 0);
  EXPECT_EQ(clock.wall(clock.now()), kNoon);
}

TEST_F(LedgerClockTest, takes_a_time_from_the_store_as_it_is_unless_it_lies_in_the_future) {
  pass(kHour);
  wall += kHour;
  clock.opened();
  EXPECT_EQ(clock.wall(clock.from_store(kNoon)), kNoon);
  EXPECT_EQ(clock.ages().of(clock.from_store(kNoon)), 2 * kHour);
  EXPECT_EQ(clock.ages().of(clock.from_store(kNoon + 10 * kYear)), 0);
  EXPECT_GT(clock.from_store(-10 * kYear), 0);
  clock.from_store(std::numeric_limits<WallMs>::max());
  clock.from_store(std::numeric_limits<WallMs>::min());
}

TEST_F(LedgerClockTest, has_no_moment_that_stands_for_none_though_the_machine_begins_in_1970) {
  wall = 0;
  LedgerClock unset(source());
  unset.opened();
  EXPECT_GT(unset.now(), 0);
  EXPECT_GT(unset.from_store(kNoon), 0);
  EXPECT_GT(unset.from_store(0), 0);
}

TEST_F(LedgerClockTest, ends_nothing_unread_from_the_store_while_the_clock_may_still_be_set) {
  clock.opened();
  const LedgerMs old = clock.from_store(kNoon - kHour);
  EXPECT_FALSE(clock.ages().ends(old, true, kHour));
  EXPECT_TRUE(clock.ages().ends(old, false, kHour));
  EXPECT_TRUE(clock.ages().ends(clock.now(), true, 0));
  pass(LedgerClock::kSettingMs - 1);
  clock.look();
  EXPECT_FALSE(clock.ages().ends(old, true, kHour));
  pass(1);
  clock.look();
  EXPECT_TRUE(clock.ages().ends(old, true, kHour));
}

TEST_F(LedgerClockTest, is_put_right_soon_after_a_start_so_that_what_was_stored_is_as_young_as_it_was) {
  wall += 25 * kHour;
  LedgerClock ahead(source());
  ahead.opened();
  const LedgerMs stored = ahead.from_store(kNoon);
  EXPECT_EQ(ahead.ages().of(stored), 25 * kHour);
  pass(kSecond);
  wall -= 25 * kHour;
  EXPECT_EQ(ahead.look(), -25 * kHour);
  EXPECT_EQ(ahead.ages().of(stored), kSecond);
  EXPECT_EQ(ahead.wall(stored), kNoon);
  EXPECT_EQ(ahead.wall(ahead.now()), wall);
  pass(LedgerClock::kSettingMs);
  ahead.look();
  wall += 25 * kHour;  // later nothing of that counts
  ahead.look();
  EXPECT_EQ(ahead.ages().of(stored), kSecond + LedgerClock::kSettingMs);
}

TEST_F(LedgerClockTest, is_put_back_soon_after_a_start_and_what_it_had_dated_before_grows_old_from_the_start_on) {
  wall += 10 * kYear;
  LedgerClock ahead(source());
  ahead.opened();
  const LedgerMs stored = ahead.from_store(wall - kHour);
  wall -= 10 * kYear;
  ahead.look();
  EXPECT_LE(ahead.wall(stored), wall);
  EXPECT_EQ(ahead.ages().of(stored), 0);
  pass(LedgerClock::kSettingMs);
  ahead.look();
  EXPECT_EQ(ahead.ages().of(stored), LedgerClock::kSettingMs);
}

TEST_F(LedgerClockTest, is_put_forward_soon_after_a_start_and_makes_nothing_older) {
  wall = kHour;  // of 1970
  LedgerClock behind(source());
  behind.opened();
  const LedgerMs stored = behind.from_store(kNoon - 10 * kHour);
  wall = kNoon;
  behind.look();
  EXPECT_EQ(behind.ages().of(stored), 0);
  pass(LedgerClock::kSettingMs);
  behind.look();
  EXPECT_EQ(behind.ages().of(stored), LedgerClock::kSettingMs);
}

/// A directory whose outcomes live for 24 hours.
struct SetClock : testing::Test, Clocks {
  static constexpr WallMs kAge = 24 * kHour;
  static DirectoryOptions options(std::size_t total_bytes = 1 << 20) {
    DirectoryOptions options = Config{.outcome_ttl = Milliseconds(kAge),
                                      .outcome_replay = Milliseconds(0),
                                      .ledger_total_bytes = total_bytes,
                                      .unread_total_bytes = Config().ledger_total_bytes};
    options.clock = source();
    return options;
  }
  static EncodedEvent outcome() { return *job_frame(JobCompleted{.job_id = "7", .result = 1}, {}); }
  /// So that each stripe is looked at.
  static void look(Directory& directory) {
    for (int second = 0; second < 20; ++second, pass(kSecond)) directory.on_timer(test_now += std::chrono::seconds(1));
  }
  static bool has(const Directory& directory) { return directory.ledger.job("ada", "7").has_value(); }
  static JobEntry stored(WallMs time) { return {.frame = outcome().frame, .number = 1, .time = time}; }
  FakeMailboxes mailboxes{1};
};

TEST_F(SetClock, ends_no_outcome_of_a_living_process_and_keeps_none_longer) {
  for (const std::int64_t jump : {-10 * kYear, -25 * kHour, -kHour, kHour, 25 * kHour, 10 * kYear}) {
    for (const std::size_t total_bytes : {1u, 1u << 20}) {
      NotedStore store;
      Directory directory(mailboxes, options(total_bytes));
      directory.open(store, test_now);
      ASSERT_TRUE(directory.emit("ada", outcome()));
      wall += jump;
      look(directory);
      EXPECT_EQ(directory.ledger.unread_expired(), 0u) << jump;
      EXPECT_TRUE(has(directory)) << jump;
      if (total_bytes != 1) {
        EXPECT_LE(std::abs(directory.ledger.job("ada", "7")->time - wall), 60'000) << jump;
      }
      pass(kAge + kAge / 64);
      look(directory);
      EXPECT_EQ(directory.ledger.unread_expired(), 1u) << jump;
      EXPECT_FALSE(has(directory)) << jump;
    }
  }
}

TEST_F(SetClock, dates_what_goes_to_the_store_by_the_wall) {
  NotedStore store;
  Directory directory(mailboxes, options());
  directory.open(store, test_now);
  wall += 25 * kHour;
  look(directory);
  ASSERT_TRUE(directory.emit("ada", outcome()));
  EXPECT_EQ(store.kept.back().entry.time, wall);
}

TEST_F(SetClock, dates_what_went_there_since_the_start_anew) {
  NotedStore store;
  wall -= 50 * kHour;  // a machine that has not been told the time yet
  Directory directory(mailboxes, options());
  directory.open(store, test_now);
  ASSERT_TRUE(directory.emit("ada", outcome()));
  store.notes.clear();
  wall += 50 * kHour;
  look(directory);
  look(directory);
  EXPECT_EQ(store.notes, std::vector<std::string>{"redate " + std::to_string(50 * kHour)});
}

TEST_F(SetClock, before_a_start_leaves_nothing_in_the_store_that_comes_from_the_future_for_ever) {
  for (const std::int64_t ahead : {-kHour, 10 * kYear}) {
    NotedStore store;
    store.find("ada", stored(wall + ahead));
    Directory directory(mailboxes, options());
    directory.open(store, test_now);
    look(directory);
    EXPECT_EQ(store.notes, std::vector<std::string>{}) << "the clock may still be set";
    pass(LedgerClock::kSettingMs);
    look(directory);
    look(directory);
    EXPECT_EQ(store.notes.size(), ahead > 0 ? 1u : 0u);
    if (ahead > 0) {
      EXPECT_TRUE(store.notes.at(0).starts_with("date at most ")) << store.notes.at(0);
    }
  }
}

TEST_F(SetClock, before_a_start_lets_an_outcome_of_the_future_live_as_long_as_any_other) {
  for (const std::size_t total_bytes : {1u, 1u << 20}) {
    NotedStore store;
    store.find("ada", stored(wall + 10 * kYear));
    Directory directory(mailboxes, options(total_bytes));
    directory.open(store, test_now);
    pass(kAge - kHour);
    look(directory);
    EXPECT_TRUE(has(directory));
    pass(kHour + kAge / 64);
    look(directory);
    EXPECT_FALSE(has(directory));
  }
}

TEST_F(SetClock, soon_after_a_start_saves_what_seemed_too_old) {
  for (const std::size_t total_bytes : {1u, 1u << 20}) {
    NotedStore store;
    store.find("ada", stored(wall));
    wall += 10 * kYear;
    Directory directory(mailboxes, options(total_bytes));
    directory.open(store, test_now);
    look(directory);
    EXPECT_TRUE(has(directory));
    wall -= 10 * kYear;
    look(directory);
    pass(LedgerClock::kSettingMs);
    look(directory);
    EXPECT_TRUE(has(directory));
    pass(kAge + kAge / 64);
    look(directory);
    EXPECT_FALSE(has(directory));
  }
}

TEST_F(SetClock, that_stays_as_it_is_after_a_start_ends_what_grew_too_old_without_a_process) {
  for (const std::size_t total_bytes : {1u, 1u << 20}) {
    NotedStore store;
    store.find("ada", stored(wall - 2 * kAge));
    Directory directory(mailboxes, options(total_bytes));
    directory.open(store, test_now);
    pass(LedgerClock::kSettingMs);
    look(directory);
    look(directory);
    EXPECT_FALSE(has(directory));
    EXPECT_EQ(directory.ledger.unread_expired(), 1u);
  }
}

}  // namespace
}  // namespace signalbox::users::test
