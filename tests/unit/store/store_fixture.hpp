#pragma once
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <future>
#include <string>
#include <string_view>
#include <vector>

#include "store/sqlite_store.hpp"

namespace signalbox::store::test {

using users::Commit;
using users::CommitGroup;
using users::JobEntry;

/// A store in a folder of the test's own.
struct Store : testing::Test {
  Store() { std::filesystem::remove_all(directory); }
  ~Store() override { std::filesystem::remove_all(directory); }

  static JobEntry outcome(std::string_view job, std::uint64_t number,
                          std::string_view packet = "42[\"job_completed\",{}]") {
    return {.frame = text_frame(packet, FrameKind::outcome, job), .number = number, .time = 5};
  }
  static Row put(SqliteStore& store, std::string_view user, const JobEntry& one, Row replaces = 0,
                 CommitGroup group = 0) {
    return store.put(user, one, replaces, group);
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
  /// An outcome as a start finds it.
  struct Loaded {
    Row row;
    std::uint64_t number;
    users::WallMs time, received_at;
    std::string user, job, packet;
  };
  static std::vector<Loaded> all(SqliteStore& store) {
    std::vector<Loaded> out;
    store.load(true, [&out](const users::StoredOutcome& one) {
      out.push_back({one.row, one.number, one.time, one.received_at, std::string(one.user), std::string(one.job_id),
                     std::string(one.packet)});
      return true;
    });
    return out;
  }
  static std::vector<std::string> jobs(SqliteStore& store) {
    std::vector<std::string> out;
    for (const Loaded& one : all(store)) out.push_back(one.job);
    return out;
  }
  /// What is asked for: a job by its row.
  struct Asked {
    std::string job;
    Row row;
  };
  /// "job packet" of what it has of these, up to so many bytes.
  static std::vector<std::string> read(SqliteStore& store, const std::vector<Asked>& asked,
                                       std::size_t bytes = SIZE_MAX) {
    std::vector<users::StoredFrame> wanted;
    for (const auto& [job, row] : asked) wanted.push_back({row, text_frame({}, FrameKind::outcome, job)});
    std::promise<std::vector<std::string>> done;
    store.read(std::move(wanted), bytes, [&](const std::vector<users::StoredFrame>& found) {
      std::vector<std::string> out;
      for (const auto& [row, frame] : found)
        out.push_back(std::string(frame->key()) + ' ' + std::string(frame->packet()));
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

}  // namespace signalbox::store::test
