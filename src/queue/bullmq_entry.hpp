#pragma once
#include <cstddef>
#include <optional>
#include <vector>

#include "queue/job_step.hpp"
#include "redis/reply.hpp"

namespace signalbox::queue {

/// One entry of a queue's stream of events, as XREAD gives it; its texts are taken. Nothing: it says nothing of a job.
/// `at` is set to its id, whatever it says.
std::optional<JobStep> take_bullmq_entry(redis::Reply& entry, StreamId& at);

/// What XREAD says of one stream.
struct ReadEntries {
  std::vector<JobStep> steps{};
  StreamId last{};        ///< of all entries
  std::size_t count = 0;  ///< of entries
  std::size_t bytes = 0;  ///< of what the steps say
};
ReadEntries take_bullmq_entries(redis::Reply& entries);

}  // namespace signalbox::queue
