#include "cluster/tunnel_end.hpp"

#include <algorithm>
#include <cerrno>
#include <limits>

namespace signalbox::cluster {
namespace {

using reactor::Kernel;

constexpr std::size_t kKeptCapacity = 1024;  ///< of an empty buffer, in a tunnel that may be idle for long

bool try_again(long error) {
  return error == -EAGAIN || error == -EINTR;
}

}  // namespace

TunnelEnd::~TunnelEnd() {
  budget_.left += window_ - windows_.first;
  stream_.close(kernel_);
}

std::size_t TunnelEnd::room() const {
  if (input_ == Input::given) return room_there_;
  return input_ == Input::left ? 0 : std::numeric_limits<std::size_t>::max();
}

std::string_view TunnelEnd::next_piece(std::span<char> into) {
  if (!wants_input()) return {};
  into = into.first(std::min(into.size(), room()));
  long got = 0;
  if (!unread_.empty()) {
    got = static_cast<long>(unread_.copy(into.data(), into.size()));
    unread_.erase(0, static_cast<std::size_t>(got));
    if (unread_.empty()) unread_.shrink_to_fit();
  } else {
    got = stream_.read(kernel_, into);
    if (stream_.holds_output()) blocked_ = true;
    if (try_again(got)) return {};
    ended_ = got <= 0;
    broken_ = got < 0;
    if (ended_) return {};
  }
  if (input_ == Input::given) room_there_ -= static_cast<std::size_t>(got);
  return {into.data(), static_cast<std::size_t>(got)};
}

bool TunnelEnd::confirm(std::size_t bytes) {
  if (bytes > windows_.most - room_there_) return false;
  room_there_ += bytes;
  return true;
}

bool TunnelEnd::put(std::string_view bytes) {
  if (bytes.size() > room_here_ || end_due_) return false;
  room_here_ -= bytes.size();
  out_ += bytes;
  return true;
}

void TunnelEnd::flush() {
  while (!deaf_ && !blocked_ && (written_ < out_.size() || stream_.holds_output())) {
    const long taken = stream_.write(kernel_, std::string_view(out_).substr(written_));
    if (taken > 0) written_ += static_cast<std::size_t>(taken);
    blocked_ = taken == 0 || try_again(taken);
    deaf_ = taken < 0 && !blocked_;
  }
  if (deaf_) written_ = out_.size();
  drop_written();
  if (!end_due_ || end_passed_ || !out_.empty() || (!deaf_ && stream_.holds_output())) return;
  end_passed_ = true;
  if (!deaf_) stream_.end(kernel_);
}

// Bytes are moved no more often than they are written.
void TunnelEnd::drop_written() {
  if (written_ < out_.size() - written_) return;
  out_.erase(0, std::exchange(written_, 0));
  if (out_.empty() && out_.capacity() > kKeptCapacity) out_.shrink_to_fit();
}

std::uint32_t TunnelEnd::take_taken() {
  if (waiting() == 0 && room_here_ <= window_ / 2) grow();
  const std::size_t more = window_ - waiting() - room_here_;
  if (more < window_ / 4 || more == 0) return 0;
  room_here_ += more;
  return static_cast<std::uint32_t>(more);
}

void TunnelEnd::grow() {
  const std::size_t by = std::min(window_, windows_.most - window_);
  if (by > budget_.left) return;
  budget_.left -= by;
  window_ += by;
}

// The kernel tells of an end in both directions whatever is wanted, and again in each turn: so one that has hung up,
// and of which nothing is wanted, is not watched.
bool TunnelEnd::watch() {
  const unsigned wanted = (wants_input() ? Kernel::kRead : Kernel::kNone) | (blocked_ ? Kernel::kWrite : Kernel::kNone);
  const unsigned before = std::exchange(interest_, wanted);
  const bool watched = std::exchange(watched_, wanted != Kernel::kNone || !hung_up_);
  if (watched_ && !watched) return kernel_.watch(stream_.fd(), token_, wanted);
  if (!watched_ && watched) kernel_.unwatch(stream_.fd());
  if (watched_ && wanted != before) kernel_.change(stream_.fd(), token_, wanted);
  return true;
}

}  // namespace signalbox::cluster
