#include "store/sqlite_store.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <future>

namespace signalbox::store {
namespace {

using hub::Commit;
using hub::CommitGroup;
using hub::JobEntry;

struct Store : testing::Test {
  Store() { std::filesystem::remove_all(directory); }
  ~Store() override { std::filesystem::remove_all(directory); }

  static JobEntry outcome(std::uint64_t number, const std::string& packet = "42[\"job_completed\",{}]") {
    return {.frame = text_frame(packet, FrameKind::outcome), .number = number, .time = 5};
  }
  /// Waits until all that was asked before is on the disk.
  static bool committed(SqliteStore& store) { return fate(store, store.new_group()) == Commit::durable; }
  static Commit fate(SqliteStore& store, CommitGroup group) {
    std::promise<Commit> done;
    store.when_committed(group, [&](Commit commit) { done.set_value(commit); });
    return done.get_future().get();
  }
  /// Makes the file such that what is inserted of this job fails for good: by a constraint, or by SQLite's limit.
  void break_job(const std::string& job, const std::string& what) {
    {
      SqliteStore store(directory);
    }
    Sqlite(directory + "/outcomes.db")
        .execute(("CREATE TRIGGER \"" + job + "\" BEFORE INSERT ON outcome WHEN NEW.job = '" + job + "' BEGIN SELECT " +
                  what + "; END")
                     .c_str());
  }
  /// The store's thread is in a callback until this goes: what is asked meanwhile is one batch.
  class Held {
   public:
    explicit Held(SqliteStore& store) {
      store.when_committed(store.new_group(), [released = release_.get_future()](Commit) { released.wait(); });
    }
    ~Held() { release_.set_value(); }

   private:
    std::promise<void> release_;
  };
  static std::vector<hub::StoredOutcome> all(SqliteStore& store) {
    std::vector<hub::StoredOutcome> out;
    store.load([&out](hub::StoredOutcome one) {
      out.push_back(std::move(one));
      return true;
    });
    return out;
  }
  /// "job number packet" of what it has of a user.
  static std::vector<std::string> read(SqliteStore& store, std::string_view user) {
    std::promise<std::vector<std::string>> done;
    store.read(user, [&](const std::vector<hub::StoredOutcome>& found) {
      std::vector<std::string> out;
      for (const auto& [whose, job, entry] : found)
        out.push_back(job + ' ' + std::to_string(entry.number) + ' ' + std::string(entry.frame->packet()));
      done.set_value(std::move(out));
    });
    return done.get_future().get();
  }
  std::string why_not() { return why_not(directory); }
  static std::string why_not(const std::string& place) {
    try {
      SqliteStore store(place);
      return "it opened";
    } catch (const StoreError& error) {
      return error.what();
    }
  }

  const std::string directory = testing::TempDir() + "signalbox-store-" + std::to_string(::getpid());
};

TEST_F(Store, keeps_what_it_was_given_through_a_restart) {
  {
    SqliteStore store(directory);
    EXPECT_TRUE(all(store).empty());
    store.put("ada", "1", outcome(1, "42[\"job_completed\",{\"jobId\":\"1\",\"x\":1.50}]"), 0);
    store.put("ada", "2", outcome(2), 0);
    store.put("grace", "1", outcome(1), 0);
    store.had("ada", {.up_to = 1}, 77);
    store.forget("grace", "1", 1);
    EXPECT_TRUE(committed(store));
  }
  SqliteStore store(directory);
  const auto found = all(store);
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].job_id, "1");
  EXPECT_EQ(found[0].entry.frame->packet(), "42[\"job_completed\",{\"jobId\":\"1\",\"x\":1.50}]");
  EXPECT_EQ(found[0].entry.had_at, 77);
  EXPECT_EQ(found[1].entry.had_at, 0);
  EXPECT_EQ(found[1].entry.number, 2u);
}

TEST_F(Store, loads_the_keys_alone_soon_after_data_is_not_wanted) {
  {
    SqliteStore store(directory);
    for (const char* user : {"ada", "bo"}) {
      for (int job = 0; job < 10; ++job)
        store.put(user, std::to_string(job), outcome(1, "42[\"" + std::string(600'000, 'x') + "\"]"), 0);
    }
    store.had("bo", {.up_to = 1}, 77);
  }
  SqliteStore store(directory);
  std::vector<std::string> order, wanted;
  for (const char* user : {"ada", "bo"}) {
    for (int job = 0; job < 10; ++job) wanted.push_back(user + std::to_string(job));
  }
  std::size_t whole = 0;
  store.load([&](const hub::StoredOutcome& one) {
    order.push_back(one.user + one.job_id);
    whole += one.entry.loaded();
    EXPECT_EQ(one.entry.loaded(), whole == order.size()) << "first those with data, then those without";
    EXPECT_EQ(one.entry.frame->key(), one.job_id);
    EXPECT_EQ(one.entry.time, 5);
    EXPECT_EQ(one.entry.had_at, one.user == "bo" ? 77 : 0);
    return order.size() < 3;
  });
  EXPECT_EQ(order, wanted);
  EXPECT_GE(whole, 3u);
  EXPECT_LE(whole, 6u) << "a piece of a MiB is read ahead";
}

TEST_F(Store, notes_as_had_what_lies_between_two_numbers) {
  {
    SqliteStore store(directory);
    for (int i = 1; i <= 4; ++i) store.put("ada", std::to_string(i), outcome(static_cast<std::uint64_t>(i)), 0);
    store.had("ada", {.after = 1, .up_to = 3}, 77);
  }
  SqliteStore store(directory);
  std::vector<hub::WallMs> had;
  for (const auto& found : all(store)) had.push_back(found.entry.had_at);
  EXPECT_EQ(had, (std::vector<hub::WallMs>{0, 77, 77, 0}));
}

TEST_F(Store, a_later_outcome_of_a_job_replaces_the_earlier) {
  {
    SqliteStore store(directory);
    store.put("ada", "1", outcome(1), 0);
    store.had("ada", {.up_to = 1}, 77);
    store.put("ada", "1", outcome(2, "42[\"job_failed\",{}]"), 0);
    store.forget("ada", "1", 1);  // of the earlier: comes too late
  }
  SqliteStore store(directory);
  const auto found = all(store);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].entry.frame->packet(), "42[\"job_failed\",{}]");
  EXPECT_EQ(found[0].entry.had_at, 0);
}

TEST_F(Store, refuses_alone_what_can_never_be_written_and_keeps_the_rest) {
  break_job("bad", "RAISE(ABORT, 'no such jobs')");
  break_job("large", "zeroblob(2000000000)");
  {
    SqliteStore store(directory);
    std::vector<std::string> refused;
    store.on_refused([&](const hub::RefusedOutcome& one) { refused.push_back(one.user + ' ' + one.job_id); });
    const CommitGroup good = store.new_group(), bad = store.new_group(), large = store.new_group();
    std::future<Commit> fates[3];
    {
      const Held held(store);
      store.put("ada", "1", outcome(1), good);
      store.put("ada", "2", outcome(2), bad);
      store.put("ada", "bad", outcome(3), bad);
      store.put("ada", "large", outcome(4), large);
      store.put("ada", "5", outcome(5), good);
      CommitGroup group = good;
      for (auto& one : fates) {
        auto done = std::make_shared<std::promise<Commit>>();
        one = done->get_future();
        store.when_committed(group++, [done](Commit commit) { done->set_value(commit); });
      }
    }
    EXPECT_EQ(fates[0].get(), Commit::durable);
    EXPECT_EQ(fates[1].get(), Commit::refused);
    EXPECT_EQ(fates[2].get(), Commit::too_large);
    EXPECT_TRUE(store.ready());
    EXPECT_EQ(refused, (std::vector<std::string>{"ada bad", "ada large"}));
    store.put("ada", "6", outcome(6), 0);
    EXPECT_TRUE(committed(store));
  }
  SqliteStore store(directory);
  std::vector<std::string> kept;
  for (const auto& found : all(store)) kept.push_back(found.job_id);
  EXPECT_EQ(kept, (std::vector<std::string>{"1", "2", "5", "6"}));
}

TEST_F(Store, what_a_job_had_before_stays_when_a_later_outcome_of_it_is_refused) {
  {
    SqliteStore store(directory);
    store.put("ada", "bad", outcome(1, "42[\"first\"]"), 0);
  }
  break_job("bad", "RAISE(ABORT, 'no such jobs')");
  SqliteStore store(directory);
  std::string before;
  store.on_refused([&](const hub::RefusedOutcome& one) {
    before = std::to_string(one.number) + " over " + std::to_string(one.before->number) + ' ' +
             std::string(one.before->frame->packet());
  });
  const CommitGroup group = store.new_group();
  store.put("ada", "bad", outcome(2), group);
  EXPECT_EQ(fate(store, group), Commit::refused);
  EXPECT_EQ(before, "2 over 1 42[\"first\"]");
}

TEST_F(Store, sees_that_a_value_is_larger_than_a_row_may_be) {
  std::filesystem::create_directory(directory);
  Sqlite file(directory + "/x.db");
  EXPECT_GT(file.row_bytes(), 900'000'000u + 1'000'000) << "MAX_PAYLOAD_BYTES may not be so much";
  Statement statement(file.get(), "SELECT ?");
  // Nothing of it is touched, so that it takes no memory.
  const std::size_t size = file.row_bytes() + 1;
  void* large = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  ASSERT_NE(large, MAP_FAILED);
  try {
    statement.bind(std::string_view(static_cast<const char*>(large), size));
    FAIL() << "it was taken";
  } catch (const SqliteError& error) {
    EXPECT_TRUE(error.too_large()) << error.what();
    EXPECT_TRUE(error.of_one_row()) << error.what();
  }
  ::munmap(large, size);
  ASSERT_TRUE(statement.bind("x").step());
  EXPECT_EQ(statement.text(0), "x");
}

TEST_F(Store, reads_the_outcomes_of_one_user_behind_what_was_put_before) {
  SqliteStore store(directory);
  store.put("ada", "1", outcome(1, "42[1]"), 0);
  store.put("grace", "1", outcome(1), 0);
  store.put("ada", "2", outcome(2, "42[2]"), 0);
  EXPECT_TRUE(committed(store));
  EXPECT_EQ(read(store, "ada"), (std::vector<std::string>{"1 1 42[1]", "2 2 42[2]"}));
  EXPECT_EQ(read(store, "nobody"), std::vector<std::string>{});
}

/// "job number" of what it has of these jobs, up to so many bytes.
std::vector<std::string> read_jobs(SqliteStore& store, std::vector<std::string> jobs, std::size_t bytes) {
  std::promise<std::vector<std::string>> done;
  store.read_jobs("ada", std::move(jobs), bytes, [&](const std::vector<hub::StoredOutcome>& found) {
    std::vector<std::string> out;
    for (const auto& [whose, job, entry] : found) out.push_back(job + ' ' + std::to_string(entry.number));
    done.set_value(std::move(out));
  });
  return done.get_future().get();
}

TEST_F(Store, reads_some_jobs_of_a_user_in_their_order_until_it_is_enough) {
  SqliteStore store(directory);
  const std::string large(1'000'000, 'x');
  for (int i = 1; i <= 9; ++i) store.put("ada", std::to_string(i), outcome(static_cast<std::uint64_t>(i), large), 0);
  store.put("bob", "10", outcome(1), 0);
  ASSERT_TRUE(committed(store));
  using Found = std::vector<std::string>;
  EXPECT_EQ(read_jobs(store, {"7", "none", "10", "2"}, 1'000'000'000), (Found{"7 7", "2 2"}));
  EXPECT_EQ(read_jobs(store, {"9", "8", "7", "6", "5"}, 2'500'000), (Found{"9 9", "8 8", "7 7"}));
  EXPECT_EQ(read_jobs(store, {"9", "8"}, 1), (Found{"9 9"}));
}

TEST_F(Store, who_has_much_to_read_gets_all_of_it_in_pieces) {
  SqliteStore store(directory);
  const std::string packet = "42[\"" + std::string(300'000, 'x') + "\"]";
  std::vector<std::string> wanted;
  for (int i = 10; i < 30; ++i) {
    store.put("ada", std::to_string(i), outcome(static_cast<std::uint64_t>(i), packet), 0);
    wanted.push_back(std::to_string(i) + ' ' + std::to_string(i) + ' ' + packet);
  }
  store.put("bob", "1", outcome(1), 0);
  EXPECT_TRUE(committed(store));
  EXPECT_TRUE(read(store, "ada") == wanted);
}

TEST_F(Store, what_is_put_while_much_is_read_does_not_wait_for_the_end_of_it) {
  // All but the promise belong to the thread that reads and writes, so that the order is sure.
  int commits = 0;
  bool ended = false;
  std::promise<int> before_the_end;
  std::function<void()> put_one;
  SqliteStore store(directory);
  put_one = [&] {
    store.put("bob", "1", outcome(1), 0);
    store.when_committed(0, [&](Commit) {
      ++commits;
      if (!ended) put_one();
    });
  };
  for (int i = 0; i < 20; ++i)
    store.put("ada", std::to_string(i), outcome(1, "42[\"" + std::string(300'000, 'x') + "\"]"), 0);
  store.read("bob", [&](const auto&) { put_one(); });
  store.read("ada", [&](const auto&) {
    ended = true;
    before_the_end.set_value(commits);
  });
  EXPECT_GE(before_the_end.get_future().get(), 5);
}

TEST_F(Store, what_is_put_while_questions_wait_is_on_the_disk_before_the_last_of_them_is_answered) {
  std::promise<std::string> done;
  std::string order;
  SqliteStore store(directory);
  store.put("ada", "1", outcome(1), 0);
  store.read("ada", [&](const auto&) {
    order += "first answer, ";
    store.put("ada", "2", outcome(2), 0);
    store.when_committed(0, [&](Commit) { order += "commit, "; });
  });
  store.read("ada", [&](const auto& found) { done.set_value(order + std::to_string(found.size()) + " found"); });
  EXPECT_EQ(done.get_future().get(), "first answer, commit, 2 found");
}

TEST_F(Store, keeps_who_is_online) {
  {
    SqliteStore store(directory);
    EXPECT_TRUE(store.online().empty());
    store.presence({{"ada", true}, {"bob", true}});
    store.presence({{"bob", false}, {"ada", true}});
  }
  EXPECT_EQ(SqliteStore(directory).online(), std::vector<std::string>{"ada"});
}

TEST_F(Store, brings_a_file_of_the_first_version_up_to_date) {
  std::filesystem::create_directory(directory);
  Sqlite(directory + "/outcomes.db")
      .execute(
          "CREATE TABLE outcome(user TEXT NOT NULL, job TEXT NOT NULL, number INTEGER NOT NULL, time INTEGER NOT NULL, "
          "had_at INTEGER NOT NULL, packet TEXT NOT NULL, PRIMARY KEY(user, job)) WITHOUT ROWID;"
          "INSERT INTO outcome VALUES('ada', '1', 1, 5, 0, '42[]');"
          "PRAGMA user_version = 1");
  SqliteStore store(directory);
  EXPECT_EQ(all(store).size(), 1u);
  EXPECT_TRUE(store.online().empty());
}

TEST_F(Store, what_it_makes_is_its_owners_alone) {
  const auto mode = [](const std::string& path) {
    struct stat facts{};
    EXPECT_EQ(::stat(path.c_str(), &facts), 0) << path;
    return facts.st_mode & 0777;
  };
  {
    SqliteStore store(directory);
    EXPECT_EQ(mode(directory), 0700u);
  }
  std::filesystem::remove_all(directory);
  std::filesystem::create_directory(directory);
  std::filesystem::permissions(directory, std::filesystem::perms(0755));
  SqliteStore store(directory);
  store.put("ada", "1", outcome(1), 0);
  EXPECT_TRUE(committed(store));
  EXPECT_EQ(mode(directory + "/outcomes.lock"), 0600u);
  EXPECT_EQ(mode(directory + "/outcomes.db"), 0600u);
  EXPECT_EQ(mode(directory + "/outcomes.db-wal"), 0600u);
  EXPECT_EQ(mode(directory), 0755u) << "a folder that was there is left as it is";
}

TEST_F(Store, says_why_it_cannot_open) {
  {
    SqliteStore store(directory);
    EXPECT_NE(why_not().find("in use by another server"), std::string::npos) << why_not();
  }
  std::ofstream(directory + "/outcomes.db") << std::string(8192, 'x');
  EXPECT_NE(why_not().find("not a database"), std::string::npos) << why_not();
  std::filesystem::remove_all(directory);
  std::ofstream{directory} << "a file";
  EXPECT_NE(why_not(), "it opened");
}

TEST_F(Store, holds_its_folder_under_whatever_name_until_it_ends) {
  const std::string link = directory + "-link";
  std::filesystem::remove(link);
  {
    SqliteStore store(directory);
    std::filesystem::create_symlink(directory, link);
    for (const std::string& name :
         {directory, directory + "/", directory + "/../" + directory.substr(directory.rfind('/') + 1), link})
      EXPECT_NE(why_not(name).find("in use by another server; stop that one"), std::string::npos) << why_not(name);
  }
  EXPECT_EQ(why_not(link), "it opened") << "the file of the lock that stays holds nothing";
  std::filesystem::remove(link);
}

TEST_F(Store, another_one_that_is_refused_takes_nothing_of_the_first_ones_lock) {
  SqliteStore store(directory);
  EXPECT_NE(why_not(), "it opened");
  // SQLite's lock too: what the kernel knows of a process is not seen from within it, but by its child.
  const int child = ::fork();
  if (child == 0) {
    const int file = ::open((directory + "/outcomes.db").c_str(), O_RDWR);
    struct flock whole{.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 0, .l_len = 0, .l_pid = 0};
    ::_exit(::fcntl(file, F_SETLK, &whole) == 0 ? 1 : 0);
  }
  int status = 1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0) << "outcomes.db is not locked any more";
}

TEST_F(Store, says_that_another_program_has_its_file) {
  std::filesystem::create_directory(directory);
  Sqlite shell(directory + "/outcomes.db");
  shell.execute("BEGIN EXCLUSIVE");
  EXPECT_NE(why_not().find("outcomes.db: in use by another program"), std::string::npos) << why_not();
}

TEST_F(Store, says_that_it_may_not_write_into_its_folder) {
  std::filesystem::create_directory(directory);
  ASSERT_EQ(::chmod(directory.c_str(), 0555), 0);
  const bool root = ::geteuid() == 0;  // who may write everything
  if (root) {
    ASSERT_EQ(::seteuid(65534), 0);
  }
  const std::string why = why_not();
  if (root) {
    ASSERT_EQ(::seteuid(0), 0);
  }
  EXPECT_NE(why.find("outcomes.lock cannot be opened: Permission denied"), std::string::npos) << why;
}

TEST_F(Store, does_not_begin_on_a_file_that_it_may_not_write) {
  {
    SqliteStore store(directory);
  }
  ASSERT_EQ(::chmod(directory.c_str(), 0755), 0);
  ASSERT_EQ(::chmod((directory + "/outcomes.lock").c_str(), 0666), 0);
  ASSERT_EQ(::chmod((directory + "/outcomes.db").c_str(), 0444), 0);
  const bool root = ::geteuid() == 0;  // who may write everything
  if (root) {
    ASSERT_EQ(::seteuid(65534), 0);
  }
  const std::string why = why_not();
  if (root) {
    ASSERT_EQ(::seteuid(0), 0);
  }
  EXPECT_NE(why.find("outcomes.db: may be read, but not written"), std::string::npos) << why;
}

TEST_F(Store, does_not_begin_on_a_file_that_is_damaged_in_the_middle) {
  {
    SqliteStore store(directory);
    for (std::uint64_t i = 1; i <= 100; ++i)
      store.put("ada", std::to_string(i), outcome(i, "42[\"" + std::string(1000, 'x') + "\"]"), 0);
    ASSERT_TRUE(committed(store));
  }
  {
    std::fstream file(directory + "/outcomes.db", std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(5 * 4096);
    file << std::string(10 * 4096, 'x');
  }
  SqliteStore store(directory);
  EXPECT_THROW(all(store), SqliteError);
}

TEST_F(Store, leaves_a_file_of_a_newer_version_as_it_is) {
  std::filesystem::create_directory(directory);
  Sqlite(directory + "/outcomes.db").execute("PRAGMA user_version = 99");
  EXPECT_NE(why_not().find("newer version (99"), std::string::npos) << why_not();
}

TEST_F(Store, a_full_disk_refuses_and_when_there_is_room_again_nothing_is_missing) {
  rlimit before{};
  getrlimit(RLIMIT_FSIZE, &before);
  SqliteStore store(directory);
  store.put("ada", "1", outcome(1), 0);
  ASSERT_TRUE(committed(store));
  const rlimit small{.rlim_cur = 64 * 1024, .rlim_max = before.rlim_max};
  setrlimit(RLIMIT_FSIZE, &small);
  store.put("ada", "2", outcome(2, std::string(200'000, 'x')), 0);
  EXPECT_FALSE(committed(store));
  EXPECT_FALSE(store.ready());
  EXPECT_EQ(read(store, "ada").size(), 2u) << "what waits for the disk is read as well";
  setrlimit(RLIMIT_FSIZE, &before);
  while (!committed(store)) {
  }
  EXPECT_TRUE(store.ready());
  struct sigaction action{};
  sigaction(SIGXFSZ, nullptr, &action);
  EXPECT_EQ(action.sa_handler, SIG_DFL) << "what a signal does to the program is the program's to say";
}

}  // namespace
}  // namespace signalbox::store
