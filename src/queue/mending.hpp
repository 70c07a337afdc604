#pragma once
#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <string>
#include <vector>

#include "queue/job_step.hpp"
#include "queue/queue_keys.hpp"
#include "redis/client.hpp"

namespace signalbox::queue {

/// Finds what was missed: the jobs of a queue that have ended since, from the lists that it keeps of these.
///
/// thread  the client's. It outlives the client's last answer.
class Mending {
 public:
  static constexpr std::size_t kPage = 100;
  /// The next outcomes, or why Redis does not say. None: there are no more.
  using Then = std::move_only_function<void(std::expected<std::vector<JobStep>, redis::Error>)>;

  /// `max_value`: bytes of a result; a larger one is not read.
  Mending(redis::Client& commands, const QueueKeys& keys, std::size_t max_value);

  /// Of those that have ended since `from_ms`.
  void begin(std::uint64_t from_ms);
  /// Nobody waits any more.
  void drop();
  bool busy() const { return static_cast<bool>(then_); }
  /// While it is not busy.
  void next(Then then);

 private:
  void ask();
  void take(redis::Reply& page);

  redis::Client& commands_;
  const QueueKeys& keys_;
  const std::string max_value_;
  Then then_;
  std::uint64_t number_ = 0;  ///< of the question: answers to others are nobody's
  std::size_t list_ = 0;
  std::string begin_;       ///< a time, as the lists have them
  std::string from_, job_;  ///< the next page begins at that time; of a list that has this job there still, behind it
};

}  // namespace signalbox::queue
