#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "queue/remembered_job.hpp"

namespace signalbox::queue {

/// A job of which something is to be found in Redis.
struct JobWanted {
  std::string job;
  std::int64_t at_ms = 0;  ///< when the queue spoke of it: a hash that was made later is another job's
  bool user = false;       ///< whose it is, or else its parent
  bool hash = true;        ///< false: its hash is that of a newer job by now
  bool with_result = false;
  bool remembered = false;  ///< also what was remembered of it

  // What was found.
  bool has_hash = false;
  std::int64_t made_ms = 0;
  std::string found_user{};  ///< by the hashes
  std::optional<RememberedJob> memory{};
  std::int64_t finished_ms = 0;         ///< 0: it has not ended
  bool completed = false;               ///< so it has ended; else it failed
  std::optional<std::string> result{};  ///< nothing: it was not read
};

}  // namespace signalbox::queue
