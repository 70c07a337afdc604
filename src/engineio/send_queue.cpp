#include "engineio/send_queue.hpp"

#include <algorithm>
#include <cstring>

#include "base/assert.hpp"

namespace signalbox::engineio {
namespace {

constexpr std::size_t kCompactFrom =
    64;  ///< taken frames that are moved out of the way at once, so that each is moved rarely

}  // namespace

void SendQueue::push_back(FrameRef frame) {
  bytes_ += frame->websocket().size();
  if (head_ >= kCompactFrom && head_ * 2 > frames_.size()) {
    frames_.erase(frames_.begin(), frames_.begin() + static_cast<std::ptrdiff_t>(head_));
    head_ = 0;
  }
  frames_.push_back(std::move(frame));
}

void SendQueue::push_front(FrameRef frame) {
  bytes_ += frame->websocket().size();
  const std::size_t at = head_ + (offset_ != 0 ? 1 : 0);
  frames_.insert(frames_.begin() + static_cast<std::ptrdiff_t>(at), std::move(frame));
}

void SendQueue::pop_front() {
  SB_ASSERT(!empty());
  bytes_ -= frames_[head_]->websocket().size() - offset_;
  offset_ = 0;
  frames_[head_] = FrameRef();
  if (++head_ == frames_.size()) {
    frames_.clear();
    head_ = 0;
  }
}

std::size_t SendQueue::gather(char* out, std::size_t capacity) const {
  std::size_t copied = 0;
  std::size_t offset = offset_;
  for (std::size_t i = head_; i < frames_.size() && copied < capacity; ++i) {
    const std::string_view bytes = frames_[i]->websocket().substr(offset);
    const std::size_t size = std::min(bytes.size(), capacity - copied);
    std::memcpy(out + copied, bytes.data(), size);
    copied += size;
    offset = 0;
  }
  return copied;
}

bool SendQueue::consume(std::size_t written) {
  bool ping = false;
  while (written > 0) {
    const std::size_t rest = front_rest().size();
    if (written < rest) {
      offset_ += written;
      bytes_ -= written;
      break;
    }
    written -= rest;
    ping = ping || front()->kind() == FrameKind::ping;
    pop_front();
  }
  return ping;
}

void SendQueue::shrink() {
  if (empty()) frames_.shrink_to_fit();
}

void SendQueue::clear() {
  frames_ = {};
  head_ = offset_ = bytes_ = 0;
}

}  // namespace signalbox::engineio
