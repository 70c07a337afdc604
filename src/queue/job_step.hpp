#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "queue/job_time.hpp"
#include "queue/stream_id.hpp"

namespace signalbox::queue {

/// What a queue says of one of its jobs.
struct JobStep {
  enum class Kind : std::uint8_t {
    added,  ///< a new job, also where there was one with this id
    waits,  ///< for a worker; of a queue that does not say what is added, it may be a new one
    begun,  ///< a worker has it now; of such a queue it may be a new one as well
    seen,   ///< it changed in a way that nobody is told of
    progress,
    completed,
    failed,
    removed,
  };

  Kind kind = Kind::seen;
  StreamId at{};
  std::string job{};
  std::string value{};           ///< progress and result: JSON, as the queue has it; of a failure text
  std::int64_t finished_ms = 0;  ///< of an outcome, as the job's hash says; 0: it is to be asked
  bool truncated = false;        ///< the value was too large to be read
  bool mended = false;           ///< it was not heard, but found later

  bool is_outcome() const { return kind == Kind::completed || kind == Kind::failed; }
  std::size_t bytes() const { return sizeof *this + job.size() + value.size(); }
};

inline std::size_t bytes_of(const std::vector<JobStep>& steps) {
  std::size_t out = 0;
  for (const JobStep& step : steps) out += step.bytes();
  return out;
}

}  // namespace signalbox::queue
