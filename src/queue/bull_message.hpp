#pragma once
#include <optional>
#include <string_view>

#include "queue/job_step.hpp"

namespace signalbox::queue {

/// What Bull publishes on the channel of a queue that ends in `event`: "progress", "completed" or "failed", as JSON.
/// Nothing: it says nothing of a job.
std::optional<JobStep> read_bull_message(std::string_view event, std::string_view payload);

}  // namespace signalbox::queue
