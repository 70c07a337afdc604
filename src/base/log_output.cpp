#include "base/log_output.hpp"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>

namespace signalbox {
namespace {

constexpr Milliseconds kPatience{100};  // a reader that lags behind a burst of lines is back by then

}  // namespace

bool LogOutput::write(std::string_view line) {
  patience_ends_ = lost_ ? TimePoint{} : Clock::now() + kPatience;
  lost_ = !(torn_ ? put("\n") && put(line) : put(line));
  return !lost_;
}

bool LogOutput::put(std::string_view bytes) {
  while (!bytes.empty()) {
    const long taken = put_some(bytes);
    if (taken <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(taken));
    torn_ = !bytes.empty();
  }
  return true;
}

// A pipe that can be written to has room for PIPE_BUF bytes. The descriptor itself stays as it is: other programs may
// share it, and could not bear that it does not block.
long LogOutput::put_some(std::string_view bytes) const {
  pollfd one{.fd = descriptor_, .events = POLLOUT, .revents = 0};
  for (;;) {
    const auto patience = std::max(Milliseconds{0}, std::chrono::ceil<Milliseconds>(patience_ends_ - Clock::now()));
    const int ready = ::poll(&one, 1, static_cast<int>(patience.count()));
    if (ready == 0) return 0;
    const auto size = std::min<std::size_t>(bytes.size(), PIPE_BUF);
    const long taken = ready < 0 ? ready : ::write(descriptor_, bytes.data(), size);
    if (taken >= 0 || errno != EINTR) return taken;
  }
}

}  // namespace signalbox
