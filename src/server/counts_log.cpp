#include "server/counts_log.hpp"

#include <string>
#include <utility>

namespace signalbox::server {

void CountsLog::on_timer(TimePoint now) {
  if (now < next_) return;
  next_ = now + std::chrono::minutes(1);
  tell();
}

void CountsLog::tell() {
  const auto fields = changed();
  if (!fields.empty()) log::info("counted since the start", fields);
}

std::vector<log::Field> CountsLog::changed() {
  const auto before = std::exchange(told_, read_());
  std::vector<log::Field> out;
  for (std::size_t i = 0; i < told_.size(); ++i) {
    if (told_[i].times != (before.empty() ? 0 : before[i].times))
      out.push_back({told_[i].name, std::to_string(told_[i].times)});
  }
  return out;
}

}  // namespace signalbox::server
