#pragma once
#include <optional>
#include <string>
#include <string_view>

#include <signalbox/json.hpp>

namespace signalbox {

/// `job_progress`: {"jobId","progress","status"}; `extra`, an object, adds keys of your own behind them.
struct JobProgress {
  std::string_view job_id;
  double progress = 0;
  std::string_view status = "processing";
  json extra = nullptr;
};

/// `job_completed`: {"jobId","result"}.
struct JobCompleted {
  std::string_view job_id;
  json result = nullptr;
};

/// `job_failed`: {"jobId","error"}.
struct JobFailed {
  std::string_view job_id;
  std::string_view error;
};

}  // namespace signalbox
