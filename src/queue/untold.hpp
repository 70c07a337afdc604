#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "base/log.hpp"

namespace signalbox::queue {

/// What a queue says and no user is told: named in the log, as long as that is not flooded.
///
/// thread  its source's.
class Untold {
 public:
  explicit Untold(std::string_view source) : source_(source) {}
  void unattributed(std::string_view job) {
    named_.write("an outcome names no user: it is told to nobody", {{"source", source_}, {"job", std::string(job)}});
  }
  void refused(std::string_view job, std::string_view why) {
    named_.write("what a queue says is refused",
                 {{"source", source_}, {"job", std::string(job)}, {"why", std::string(why)}});
  }
  void unreadable(std::string_view why) {
    unreadable_.write("what a queue says cannot be read: it is left out",
                      {{"source", source_}, {"why", std::string(why)}});
  }

 private:
  static constexpr std::uint32_t kLinesPerMinute = 10;
  const std::string source_;
  log::RareLine named_{log::Level::warn, kLinesPerMinute};
  log::RareWarning unreadable_;
};

}  // namespace signalbox::queue
