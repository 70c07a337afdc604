#pragma once
#include <string_view>

#include <signalbox/config.hpp>

namespace signalbox::queue {

/// Is it an event that ends a job, and so is kept until its user has received it?
inline bool is_outcome(std::string_view event) {
  return event == events::job_completed || event == events::job_failed;
}

}  // namespace signalbox::queue
