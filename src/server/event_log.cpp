#include "server/event_log.hpp"

#include <utility>

namespace signalbox::server {
namespace {

std::size_t cost(const std::string& text) {
  return sizeof(std::string) + text.size();
}

}  // namespace

void EventLog::add(std::string text) {
  bytes_ += cost(text);
  texts_.push_back(std::move(text));
  for (; bytes_ > most_ && first_ < droppable_; ++first_) {
    bytes_ -= cost(texts_.front());
    texts_.pop_front();
  }
}

void EventLog::read(std::uint64_t& place, std::string& out, std::size_t most) const {
  for (const std::size_t end = out.size() + most; place != this->end() && out.size() < end; ++place)
    out += texts_[place - first_];
}

void EventLog::clear() {
  first_ = told_ = droppable_ = end();
  std::exchange(texts_, {}).clear();
  bytes_ = 0;
}

}  // namespace signalbox::server
