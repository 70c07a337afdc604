#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "queue/stream_id.hpp"

namespace signalbox::queue {

/// What is kept in Redis of a job until its outcome is taken, for the next reader: the job's hash may be gone by then.
struct RememberedJob {
  std::string user{};
  StreamId since{};              ///< what told of it first
  StreamId ended{};              ///< its outcome; 0-0: none yet
  std::int64_t finished_ms = 0;  ///< the outcome's time, as it was told

  /// "1795473902683-0:0-0:0:42"
  static std::optional<RememberedJob> parse(std::string_view text);
};

std::string to_text(const RememberedJob& job);

/// The days under which it may lie, by our clock: it is kept under that on which it was learned, and for no longer than
/// to the end of the next.
inline std::int64_t today() {
  return coarse_unix_ms() / (24 * 60 * 60 * 1000);
}
inline std::array<std::int64_t, 2> remembered_days() {
  return {today() - 1, today()};
}

}  // namespace signalbox::queue
