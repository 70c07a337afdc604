#include "store/sqlite_store.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <future>
#include <thread>

#include "store_fixture.hpp"

namespace signalbox::store::test {
namespace {

TEST_F(Store, keeps_what_it_was_given_through_a_restart) {
  {
    SqliteStore store(directory);
    EXPECT_TRUE(all(store).empty());
    const Row first = put(store, "ada", outcome("1", 1, "42[\"job_completed\",{\"jobId\":\"1\",\"x\":1.50}]"));
    put(store, "ada", outcome("2", 2));
    const Row other = put(store, "grace", outcome("1", 1));
    store.received("ada", {first}, 77);
    store.forget({other});
    EXPECT_TRUE(committed(store));
  }
  SqliteStore store(directory);
  const auto found = all(store);
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].user, "ada");
  EXPECT_EQ(found[0].job, "1");
  EXPECT_EQ(found[0].packet, "42[\"job_completed\",{\"jobId\":\"1\",\"x\":1.50}]");
  EXPECT_EQ(found[0].time, 5);
  EXPECT_EQ(found[0].received_at, 77);
  EXPECT_EQ(found[1].received_at, 0);
  EXPECT_EQ(found[1].number, 2u);
}

TEST_F(Store, an_outcome_takes_the_place_of_the_one_that_it_replaces) {
  {
    SqliteStore store(directory);
    const Row first = put(store, "ada", outcome("1", 1));
    store.received("ada", {first}, 77);
    put(store, "ada", outcome("1", 2, "42[\"job_failed\",{}]"), first);
  }
  SqliteStore store(directory);
  const auto found = all(store);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].packet, "42[\"job_failed\",{}]");
  EXPECT_EQ(found[0].received_at, 0);
}

TEST_F(Store, a_row_is_never_used_twice) {
  Row first = 0, second = 0;
  {
    SqliteStore store(directory);
    first = put(store, "ada", outcome("1", 1));
    second = put(store, "ada", outcome("2", 2));
    EXPECT_GT(second, first);
    store.forget({second});
    store.received("ada", {second}, 77);  // comes too late
  }
  {
    SqliteStore store(directory);
    EXPECT_GT(put(store, "ada", outcome("3", 3)), second);
  }
  SqliteStore store(directory);
  EXPECT_EQ(jobs(store), (std::vector<std::string>{"1", "3"}));
}

TEST_F(Store, has_the_receipts_that_are_owed_until_they_are_paid) {
  const users::OwedReceipt one{.home = "a", .row = 1, .user = "ada", .at = 5},
      other{.home = "a", .row = 2, .user = "grace", .at = 6}, third{.home = "b", .row = 1, .user = "ada", .at = 7};
  {
    SqliteStore store(directory);
    EXPECT_TRUE(store.owed().empty());
    for (const users::OwedReceipt& each : {one, other, third, one}) store.owe(each);
    store.paid("a", 2);
    store.paid("a", 3);
  }
  SqliteStore store(directory);
  EXPECT_EQ(store.owed(), (std::vector<users::OwedReceipt>{one, third}));
  EXPECT_EQ(jobs(store), std::vector<std::string>{});
}

TEST_F(Store, refuses_alone_what_can_never_be_written_and_keeps_the_rest) {
  break_job("bad", "RAISE(ABORT, 'no such jobs')");
  break_job("large", "zeroblob(2000000000)");
  {
    SqliteStore store(directory);
    std::vector<std::string> refused;
    store.on_refused([&](const users::RefusedOutcome& one) { refused.push_back(one.user + ' ' + one.job_id); });
    const CommitGroup good = store.new_group(), bad = store.new_group(), large = store.new_group();
    std::future<Commit> fates[3];
    {
      const Held held(store);
      put(store, "ada", outcome("1", 1), 0, good);
      put(store, "ada", outcome("2", 2), 0, bad);
      put(store, "ada", outcome("bad", 3), 0, bad);
      put(store, "ada", outcome("large", 4), 0, large);
      put(store, "ada", outcome("5", 5), 0, good);
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
    put(store, "ada", outcome("6", 6));
    EXPECT_TRUE(committed(store));
  }
  SqliteStore store(directory);
  EXPECT_EQ(jobs(store), (std::vector<std::string>{"1", "2", "5", "6"}));
}

TEST_F(Store, who_is_called_back_is_called_where_commits_are_told) {
  SqliteStore store(directory);
  std::promise<std::thread::id> of_commits, of_calls;
  store.when_committed(store.new_group(), [&](Commit) { of_commits.set_value(std::this_thread::get_id()); });
  const std::thread::id theirs = of_commits.get_future().get();
  EXPECT_NE(theirs, std::this_thread::get_id());
  store.call_back([&] { of_calls.set_value(std::this_thread::get_id()); });
  EXPECT_EQ(of_calls.get_future().get(), theirs);
  int called = 0;
  store.close(Milliseconds{1000});
  store.call_back([&] { ++called; });
  EXPECT_EQ(called, 1) << "its thread has gone";
}

TEST_F(Store, what_a_job_had_before_stays_when_a_later_outcome_of_it_is_refused) {
  Row first = 0;
  {
    SqliteStore store(directory);
    first = put(store, "ada", outcome("bad", 1, "42[\"first\"]"));
    store.received("ada", {first}, 77);
  }
  break_job("bad", "RAISE(ABORT, 'no such jobs')");
  SqliteStore store(directory);
  std::string before;
  store.on_refused([&](const users::RefusedOutcome& one) {
    before = std::to_string(one.number) + " over " + std::to_string(one.before->number) + ' ' +
             std::string(one.before->frame->packet()) + ' ' + std::to_string(one.before->received_at);
    EXPECT_EQ(one.before->row, first + static_cast<Row>(one.number) - 1) << "it has the row of the refused one";
  });
  CommitGroup group = store.new_group();
  const Row second = put(store, "ada", outcome("bad", 2), first, group);
  EXPECT_EQ(fate(store, group), Commit::refused);
  EXPECT_EQ(before, "2 over 1 42[\"first\"] 77");
  group = store.new_group();
  put(store, "ada", outcome("bad", 3), second, group);
  EXPECT_EQ(fate(store, group), Commit::refused);
  EXPECT_EQ(before, "3 over 1 42[\"first\"] 77");
}

TEST_F(Store, what_was_to_replace_a_refused_outcome_replaces_the_one_before_it) {
  Row first = 0;
  {
    SqliteStore store(directory);
    first = put(store, "ada", outcome("bad", 1));
    put(store, "ada", outcome("good", 2));
  }
  break_job("bad", "CASE WHEN NEW.number = 3 THEN RAISE(ABORT, 'not this one') END");
  {
    SqliteStore store(directory);
    const Held held(store);
    const Row refused = put(store, "ada", outcome("bad", 3), first);
    put(store, "ada", outcome("bad", 4), refused);  // put before anybody heard of the refusal
  }
  {
    SqliteStore store(directory);
    EXPECT_EQ(jobs(store), (std::vector<std::string>{"good", "bad"}));
    EXPECT_EQ(all(store).back().number, 4u);
  }
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

TEST_F(Store, keeps_who_is_online) {
  {
    SqliteStore store(directory);
    EXPECT_TRUE(store.online().empty());
    store.presence({{"ada", true}, {"bob", true}});
    store.presence({{"bob", false}, {"ada", true}});
  }
  EXPECT_EQ(SqliteStore(directory).online(), std::vector<std::string>{"ada"});
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
  put(store, "ada", outcome("1", 1));
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
      put(store, "ada", outcome(std::to_string(i), i, "42[\"" + std::string(1000, 'x') + "\"]"));
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
  const Row first = put(store, "ada", outcome("1", 1));
  ASSERT_TRUE(committed(store));
  const rlimit small{.rlim_cur = 64 * 1024, .rlim_max = before.rlim_max};
  setrlimit(RLIMIT_FSIZE, &small);
  const Row second = put(store, "ada", outcome("2", 2, std::string(200'000, 'x')));
  EXPECT_FALSE(committed(store));
  EXPECT_FALSE(store.ready());
  EXPECT_EQ(read(store, {{"1", first}, {"2", second}}).size(), 2u) << "what waits for the disk is read as well";
  setrlimit(RLIMIT_FSIZE, &before);
  while (!committed(store)) {
  }
  EXPECT_TRUE(store.ready());
  struct sigaction action{};
  sigaction(SIGXFSZ, nullptr, &action);
  EXPECT_EQ(action.sa_handler, SIG_DFL) << "what a signal does to the program is the program's to say";
}

TEST_F(Store, dates_what_was_put_since_the_start_anew_when_the_clock_is_set) {
  const auto times = [](SqliteStore& store) {
    std::vector<users::WallMs> out;
    for (const Loaded& one : all(store)) out.push_back(one.time);
    return out;
  };
  {
    SqliteStore store(directory);
    put(store, "ada", outcome("1", 1));
  }
  {
    SqliteStore store(directory);
    put(store, "ada", outcome("2", 2));
    store.redate(100);
    put(store, "ada", outcome("3", 3));
  }
  {
    SqliteStore store(directory);
    EXPECT_EQ(times(store), (std::vector<users::WallMs>{5, 105, 5}));
    store.date_at_most(7);
  }
  SqliteStore store(directory);
  EXPECT_EQ(times(store), (std::vector<users::WallMs>{5, 7, 5}));
}

}  // namespace
}  // namespace signalbox::store::test
