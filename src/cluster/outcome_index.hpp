#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "cluster/keys.hpp"
#include "redis/client.hpp"

namespace signalbox::cluster {

/// Names an outcome among those of all nodes: the store in which it lies, and its row there.
struct OutcomeName {
  static constexpr unsigned kRowBits = 52;  ///< no row of a store is larger
  /// The home of what plain emitters publish, which lies in no store.
  static constexpr std::string_view kEmitter = "emitter";
  /// So ends the home of a node without a disk, which is no more when its process ends.
  static constexpr std::string_view kInMemory = "-memory";
  std::string home;
  std::uint64_t row = 0;
  bool valid() const { return !home.empty() && row != 0 && row >> kRowBits == 0; }
  std::string text() const;  ///< of one home in the order of their rows
  static std::optional<OutcomeName> read(std::string_view text);
  bool operator==(const OutcomeName&) const = default;
};

struct IndexedOutcome {
  OutcomeName name;
  std::int64_t time = 0;         ///< WallMs
  std::int64_t received_at = 0;  ///< 0: unread
  std::string event;             ///< a message of nodes with the one event
};

struct IndexedJobs {
  std::vector<IndexedOutcome> outcomes;  ///< the oldest first
  std::vector<std::string> progress;     ///< events likewise
  bool whole = true;                     ///< else there are more outcomes than are read at once
};

/// What is kept of users' jobs, in Redis: an index that whoever holds an outcome can make again.
///
/// thread  its client's.
class OutcomeIndex {
 public:
  struct Kept {
    std::int64_t outcome_ttl, progress_ttl, replay;  ///< ms
    std::size_t unread = SIZE_MAX;                   ///< outcomes of a user, and no more are read at once, the oldest
                                                     ///< first: a little more at most
    std::size_t bytes = SIZE_MAX;                    ///< read at once
  };
  static constexpr std::size_t kPage = 200;  ///< outcomes in one script, so that none takes long

  OutcomeIndex(redis::Client& client, const Keys& keys, const Kept& kept) : client_(client), keys_(keys), kept_(kept) {}
  const Kept& kept() const { return kept_; }

  struct Offer {
    std::string user;
    OutcomeName name;
    std::int64_t time = 0;
    std::string job_id{};
    std::string event{};
    std::optional<OutcomeName> replaces{};  ///< an outcome of the same job, which nobody is to be told any more
    bool accepted = false;                  ///< no bound refuses it any more
  };
  enum class How : std::uint8_t {
    unread,  ///< it is there, and nobody has received it
    received,
    replaced,  ///< a newer one of its job is there, or was
    no_room,   ///< its user has too many that are unread
  };
  struct Entered {
    How how = How::unread;
    std::int64_t received_at = 0;
    std::optional<OutcomeName> replaced{};  ///< which was there of its job, and is not told any more
  };
  /// Enters it, unless it is there. Answers with nothing if Redis does not, in that time. One of an emitter, which all
  /// who hear it enter, is told anew when it comes again later than all have heard it.
  void offer(const Offer& offer, Milliseconds patience, std::move_only_function<void(std::optional<Entered>)> on);
  /// It was accepted nowhere after all.
  void withdraw(const std::string& user, const OutcomeName& name);
  /// The user has received these.
  void received(const std::string& user, std::vector<OutcomeName> names, std::int64_t at,
                std::move_only_function<void(bool)> on);
  /// Unless the job has ended since `time` (WallMs).
  void progress(const std::string& user, const std::string& job_id, const std::string& event, std::int64_t time,
                std::move_only_function<void(bool)> on);
  /// All that is kept of a user.
  void jobs_of(const std::string& user, Milliseconds patience,
               std::move_only_function<void(std::optional<IndexedJobs>)> on);
  /// Differs from the last one if Redis has lost its memory since.
  void epoch(std::move_only_function<void(std::optional<std::string>)> on);

 private:
  struct Reading {
    std::string user;
    IndexedJobs found{};
    Milliseconds patience;
    std::size_t unread = 0, bytes = 0;
    std::string last_name{}, last_time{};  ///< of those that were read, as Redis writes them
    std::move_only_function<void(std::optional<IndexedJobs>)> on;
  };
  void read_page(Reading reading);

  redis::Client& client_;
  const Keys& keys_;
  const Kept kept_;
};

}  // namespace signalbox::cluster
