#include "store/file_format.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <map>
#include <random>

#include "store/outcome_file.hpp"

// From the formats of earlier versions to ours, whatever becomes of the process meanwhile.
namespace signalbox::store::test {
namespace {

constexpr int kMillion = 1'000'000;

struct FileFormat : testing::Test {
  FileFormat() {
    std::filesystem::remove_all(directory);
    std::filesystem::create_directory(directory);
  }
  ~FileFormat() override { std::filesystem::remove_all(directory); }

  std::string path() const { return directory + "/outcomes.db"; }
  /// As version 2 made it, with `count` outcomes of 100 users and packets of so many bytes. The order of jobs is not
  /// that of their numbers, and each third was received.
  void make_format_2(int count, int bytes) const {
    Sqlite file(path());
    file.execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF");
    file.execute(
        "CREATE TABLE outcome(user TEXT NOT NULL, job TEXT NOT NULL, number INTEGER NOT NULL, time INTEGER NOT NULL, "
        "had_at INTEGER NOT NULL, packet TEXT NOT NULL, PRIMARY KEY(user, job)) WITHOUT ROWID;"
        "CREATE TABLE online(user TEXT NOT NULL PRIMARY KEY) WITHOUT ROWID;"
        "INSERT INTO online VALUES('ada');"
        "PRAGMA user_version = 2");
    file.execute(("WITH RECURSIVE n(i) AS (VALUES(0) UNION ALL SELECT i + 1 FROM n WHERE i + 1 < " +
                  std::to_string(count) + ") INSERT INTO outcome SELECT printf('user-%02d', i / " +
                  std::to_string(per_user(count)) +
                  "), printf('%08x', (i * 2654435761) & 4294967295), i + 1, 1000 + i, " +
                  "iif(i % 3 = 0, 5000 + i, 0), printf('42[\"%d\",\"%s\"]', i, printf('%." + std::to_string(bytes) +
                  "c', 'x')) FROM n")
                     .c_str());
  }
  static int per_user(int count) { return (count + 99) / 100; }

  /// All of them, with their data, each user's in the order of their numbers.
  void expect_all(int count, int bytes) const {
    OutcomeFile file(directory);
    int seen = 0;
    std::map<std::string, std::uint64_t> newest;
    LoadedOutcomes piece;
    for (bool more = true; more;) {
      piece = {};
      more = file.load_more(piece, true);
      for (const users::StoredOutcome& one : piece) {
        const int i = static_cast<int>(one.number) - 1;
        ASSERT_GT(one.number, std::exchange(newest[std::string(one.user)], one.number));
        ASSERT_EQ(one.user,
                  "user-" + std::string(i / per_user(count) < 10 ? "0" : "") + std::to_string(i / per_user(count)));
        ASSERT_EQ(one.time, 1000 + i);
        ASSERT_EQ(one.received_at, i % 3 == 0 ? 5000 + i : 0);
        ASSERT_EQ(one.packet,
                  "42[\"" + std::to_string(i) + "\",\"" + std::string(static_cast<std::size_t>(bytes), 'x') + "\"]");
        ++seen;
      }
    }
    EXPECT_EQ(seen, count);
    EXPECT_EQ(newest.size(), 100u);
    EXPECT_EQ(file.online(), std::vector<std::string>{"ada"});
    EXPECT_EQ(number("SELECT count(*) FROM outcome") + number("SELECT count(*) FROM packet"), 0) << "it is locked";
  }
  /// What a statement gives of the file, or 0 where somebody has it.
  std::int64_t number(const char* sql) const {
    try {
      Sqlite file(path());
      Statement statement(file.get(), sql);
      return statement.step() ? statement.number(0) : 0;
    } catch (const SqliteError&) {
      return 0;
    }
  }
  bool in_the_middle() const {
    return number("SELECT count(*) FROM sqlite_master WHERE name = 'outcome_2'") != 0 &&
           number("PRAGMA user_version") == kFormat;
  }

  const std::string directory = testing::TempDir() + "signalbox-format-" + std::to_string(::getpid());
};

TEST_F(FileFormat, of_a_new_file_is_ours) {
  OutcomeFile{directory};
  EXPECT_EQ(number("PRAGMA user_version"), kFormat);
}

TEST_F(FileFormat, of_the_first_version_is_brought_to_ours) {
  Sqlite(path()).execute(
      "CREATE TABLE outcome(user TEXT NOT NULL, job TEXT NOT NULL, number INTEGER NOT NULL, time INTEGER NOT NULL, "
      "had_at INTEGER NOT NULL, packet TEXT NOT NULL, PRIMARY KEY(user, job)) WITHOUT ROWID;"
      "INSERT INTO outcome VALUES('ada', '1', 1, 5, 0, '42[]');"
      "PRAGMA user_version = 1");
  OutcomeFile file(directory);
  LoadedOutcomes piece;
  EXPECT_FALSE(file.load_more(piece, true));
  ASSERT_EQ(std::ranges::distance(piece), 1);
  EXPECT_EQ(piece.begin()->packet, "42[]");
  EXPECT_TRUE(file.online().empty());
}

/// As version 0.2.0 made it, before there were several nodes; it was killed, and its newest commits are in the log
/// alone.
void make_0_2_0_that_was_killed(const std::string& directory) {
  const std::string made = directory + "/made.db", file = directory + "/outcomes.db";
  Sqlite running(made);
  running.execute("PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL");
  running.execute(
      "CREATE TABLE outcome(row INTEGER PRIMARY KEY, number INTEGER NOT NULL, time INTEGER NOT NULL, user TEXT NOT "
      "NULL, job TEXT NOT NULL);"
      "CREATE TABLE packet(row INTEGER PRIMARY KEY, packet TEXT NOT NULL);"
      "CREATE TABLE received(row INTEGER PRIMARY KEY, at INTEGER NOT NULL);"
      "CREATE TABLE online(user TEXT NOT NULL PRIMARY KEY) WITHOUT ROWID;"
      "PRAGMA user_version = 3");
  running.execute(
      "INSERT INTO outcome VALUES(1, 1, 5, 'ada', '1'), (3, 2, 6, 'ada', '2');"
      "INSERT INTO packet VALUES(1, '42[1]'), (3, '42[2]'); INSERT INTO received VALUES(1, 7);"
      "INSERT INTO online VALUES('ada')");
  std::filesystem::copy(made, file);
  std::filesystem::copy(made + "-wal", file + "-wal");
}

TEST_F(FileFormat, of_0_2_0_is_ours_and_gets_what_nodes_need) {
  make_0_2_0_that_was_killed(directory);
  ASSERT_EQ(number("SELECT count(*) FROM sqlite_master WHERE name IN ('name', 'owed', 'start')"), 0);
  std::string name;
  {
    OutcomeFile file(directory);
    LoadedOutcomes piece;
    EXPECT_FALSE(file.load_more(piece, true));
    std::vector<std::string> found;
    for (const users::StoredOutcome& one : piece)
      found.push_back(std::string(one.job_id) + ' ' + std::string(one.packet) +
                      (one.received_at == 7 ? " received" : ""));
    EXPECT_EQ(found, (std::vector<std::string>{"1 42[1] received", "2 42[2]"}));
    EXPECT_EQ(file.online(), std::vector<std::string>{"ada"});
    EXPECT_EQ(file.rows_before(), 3u);
    EXPECT_GT(file.new_start(), 3u);
    EXPECT_TRUE(file.owed().all().empty());
    name = file.name();
  }
  EXPECT_EQ(OutcomeFile(directory).name(), name) << "other nodes know it by that";
  EXPECT_EQ(number("PRAGMA user_version"), kFormat);
}

TEST_F(FileFormat, a_million_outcomes_are_brought_to_ours) {
  make_format_2(kMillion, 20);
  const auto start = std::chrono::steady_clock::now();
  OutcomeFile{directory};
  RecordProperty("milliseconds",
                 static_cast<int>((std::chrono::steady_clock::now() - start) / std::chrono::milliseconds(1)));
  expect_all(kMillion, 20);
  EXPECT_FALSE(in_the_middle());
}

constexpr int kSome = 20'000, kLarge = 4000;  // eleven pieces

TEST_F(FileFormat, goes_on_where_it_was_killed_between_two_pieces) {
  make_format_2(kSome, kLarge);
  int starts = 0;
  for (bool killed = true; killed; ++starts) {
    const int child = ::fork();
    if (child == 0) {
      OutcomeFile(directory, []() -> bool { ::_exit(1); });
      ::_exit(0);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    killed = WEXITSTATUS(status) == 1;
    EXPECT_EQ(in_the_middle(), killed);
  }
  EXPECT_GE(starts, 8) << "in how many pieces it came";
  expect_all(kSome, kLarge);
}

TEST_F(FileFormat, goes_on_where_it_was_killed_at_any_moment) {
  make_format_2(kSome, kLarge);
  std::mt19937 random(1);
  bool killed = true;
  for (int i = 0; i < 20 && killed; ++i) {
    const int child = ::fork();
    if (child == 0) {
      OutcomeFile{directory};
      ::_exit(0);
    }
    ::usleep(static_cast<useconds_t>(random() % 60'000));
    ::kill(child, SIGKILL);
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    killed = WIFSIGNALED(status);
  }
  expect_all(kSome, kLarge);
}

TEST_F(FileFormat, is_given_up_between_two_pieces_and_goes_on_later) {
  make_format_2(kSome, kLarge);
  int asked = 0;
  EXPECT_THROW(OutcomeFile(directory, [&] { return ++asked == 3; }), StoreError);
  EXPECT_EQ(asked, 3);
  EXPECT_TRUE(in_the_middle());
  expect_all(kSome, kLarge);
}

TEST_F(FileFormat, a_full_disk_in_the_middle_says_so_and_loses_nothing) {
  make_format_2(kSome, kLarge);
  rlimit before{};
  getrlimit(RLIMIT_FSIZE, &before);
  const auto ignored = ::signal(SIGXFSZ, SIG_IGN);
  const rlimit small{.rlim_cur = 1u << 20, .rlim_max = before.rlim_max};
  int pieces = 0;
  const auto fills_after_two = [&] {
    if (++pieces == 2) setrlimit(RLIMIT_FSIZE, &small);
    return false;
  };
  EXPECT_THROW(OutcomeFile(directory, fills_after_two), SqliteError);
  EXPECT_EQ(pieces, 2);
  setrlimit(RLIMIT_FSIZE, &before);
  ::signal(SIGXFSZ, ignored);
  EXPECT_TRUE(in_the_middle());
  expect_all(kSome, kLarge);
}

TEST_F(FileFormat, takes_little_more_room_than_the_file_had) {
  make_format_2(kSome, kLarge);
  const auto before = std::filesystem::file_size(path());
  OutcomeFile{directory};
  EXPECT_LT(std::filesystem::file_size(path()), before + (24u << 20));
}

TEST_F(FileFormat, of_a_newer_version_is_left_as_it_is_in_the_middle_too) {
  make_format_2(kSome, kLarge);
  EXPECT_THROW(OutcomeFile(directory, [] { return true; }), StoreError);
  EXPECT_EQ(number("PRAGMA user_version"), kFormat) << "so a program of version 2 refuses it";
  Sqlite(path()).execute("PRAGMA user_version = 99");
  EXPECT_THROW(OutcomeFile{directory}, StoreError);
}

}  // namespace
}  // namespace signalbox::store::test
