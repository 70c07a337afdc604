#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "queue/job_time.hpp"
#include "queue/stream_id.hpp"

namespace signalbox::queue {

/// What is kept in Redis of a job until its outcome is taken, for the next reader: the job's hash may be gone by then.
/// Of an outcome that was not heard but found it is kept on: it may yet be read.
struct RememberedJob {
  std::string user{};
  StreamId since{};              ///< what told of it first
  StreamId ended{};              ///< its outcome; 0-0: none yet
  std::int64_t finished_ms = 0;  ///< the outcome's time, as it was told

  /// `ended` of an outcome that was found: its place is not known, and no entry has that number.
  static StreamId mended_at(std::int64_t finished_ms) {
    return {.ms = static_cast<std::uint64_t>(finished_ms), .number = UINT64_MAX};
  }
  bool has_ended() const { return ended != StreamId{}; }
  bool mended() const { return ended.number == UINT64_MAX; }
  /// No step after that is of what was told then.
  StreamId ended_at_most() const {
    if (!mended()) return ended;
    return {.ms = static_cast<std::uint64_t>(ended.time() + kClocksDiffer), .number = ended.number};
  }
  /// Is an outcome there the one that is remembered?
  bool is_end(StreamId at) const {
    return mended() ? at <= ended_at_most() && at.time() + kClocksDiffer >= ended.time() : has_ended() && at == ended;
  }

  /// "1795473902683-0:0-0:0:42"
  static std::optional<RememberedJob> parse(std::string_view text);
};

std::string to_text(const RememberedJob& job);

/// The days under which it may lie, by our clock: it is kept under that on which it was learned, and for no longer than
/// to the end of the next. The clock of whoever learned it may have been past midnight already. Of several the last one
/// counts.
inline std::int64_t today() {
  return coarse_unix_ms() / (24 * 60 * 60 * 1000);
}
inline std::array<std::int64_t, 3> remembered_days() {
  return {today() + 1, today() - 1, today()};
}

}  // namespace signalbox::queue
