#pragma once
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/mutex.hpp"
#include "server/snapshot.hpp"

namespace signalbox::server::admin {

/// The last refusals and their reasons, for a person to read: sentences of ours, without tokens, keys and data. What is
/// counted anyway is taken from the counts, so that a refusal itself costs nothing more. Times are Unix time in
/// milliseconds.
///
/// thread  any (its lock: every shard refuses origins and workers).
class RecentRefusals {
 public:
  static constexpr std::size_t kMost = 100;       ///< rows
  static constexpr std::size_t kNewAMinute = 20;  ///< rows of one kind; then one row has the others
  static constexpr std::size_t kMaxReason = 256;  ///< bytes; more are cut

  struct Row {
    std::int64_t at = 0;  ///< of the newest
    std::string_view what;
    std::string reason;
    std::uint64_t count = 0;
  };
  /// Such a refusal within a minute of the last is one more in its row. `what` points to static storage.
  void note(std::string_view what, std::string_view reason, std::int64_t at, std::uint64_t count = 1);
  /// Notes what these counts have more than those before; the first are compared with zero.
  void compare(const Snapshot& now, std::int64_t at);
  /// The newest first.
  std::vector<Row> rows() const;
  /// All that there have been.
  std::uint64_t total() const;

 private:
  /// Of one `what`: rows of this minute.
  struct Kind {
    std::int64_t since = 0;
    std::size_t rows = 0;
  };
  bool add_to_row(std::string_view what, std::string_view reason, std::int64_t at, std::uint64_t count)
      SB_REQUIRES(mutex_);
  bool has_room(std::string_view what, std::int64_t at) SB_REQUIRES(mutex_);
  void put(std::string_view what, std::string_view reason, std::int64_t at, std::uint64_t count) SB_REQUIRES(mutex_);

  mutable Mutex mutex_;
  std::deque<Row> rows_ SB_GUARDED_BY(mutex_);  ///< the newest first
  std::map<std::string_view, Kind> kinds_ SB_GUARDED_BY(mutex_);
  std::uint64_t total_ SB_GUARDED_BY(mutex_) = 0;
  std::map<std::pair<std::string_view, std::string_view>, std::uint64_t> seen_
      SB_GUARDED_BY(mutex_);  ///< by what and label
};

}  // namespace signalbox::server::admin
