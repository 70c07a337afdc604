#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "base/log.hpp"
#include "queue/sink.hpp"

namespace signalbox::queue {

/// Why it was refused for good.
inline std::string_view why(Taken taken) {
  return taken == Taken::by_user ? "UNREAD_OUTCOMES_PER_USER of its user is reached"
                                 : "it is too large, or names no user or job";
}

/// What a queue says and no user is told: named in the log, as long as that is not flooded.
///
/// thread  its source's.
class Untold {
 public:
  /// `queue`: for people.
  explicit Untold(std::string_view queue) : queue_(queue) {}
  void unattributed(std::string_view job) {
    named_.write("an outcome names no user: it is told to nobody", {{"queue", queue_}, {"job", std::string(job)}});
  }
  void refused(std::string_view job, std::string_view why) {
    named_.write("what a queue says is refused",
                 {{"queue", queue_}, {"job", std::string(job)}, {"why", std::string(why)}});
  }
  void unreadable(std::string_view why) {
    unreadable_.write("what a queue says cannot be read: it is left out",
                      {{"queue", queue_}, {"why", std::string(why)}});
  }

 private:
  static constexpr std::uint32_t kLinesPerMinute = 10;
  const std::string queue_;
  log::RareLine named_{log::Level::warn, kLinesPerMinute};
  log::RareWarning unreadable_;
};

}  // namespace signalbox::queue
