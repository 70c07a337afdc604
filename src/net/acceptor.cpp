#include "net/acceptor.hpp"

#include <fcntl.h>

#include <cerrno>
#include <stdexcept>
#include <utility>

namespace signalbox::net {
namespace {

constexpr int kMaxAccepts = 256;       ///< a turn
constexpr int kMaxAcceptsBehind = 16;  ///< in a turn that could not read all that waits

reactor::OwnedFd open_reserve() {
  return reactor::OwnedFd(::open("/dev/null", O_RDONLY | O_CLOEXEC));
}

}  // namespace

Acceptor::Acceptor(Shared& shared, const reactor::Loop& loop, HttpServer& http)
    : shared_(shared), loop_(loop), http_(http), reserve_(open_reserve()) {}

void Acceptor::add(int listener, Door door) {
  listeners_.push_back(listener);
  const std::uint64_t token =
      kMark << 62 | static_cast<std::uint64_t>(door) << kDoorShift | static_cast<std::uint64_t>(listener);
  if (!loop_.kernel().watch(listener, token, reactor::Kernel::kRead)) {
    throw std::runtime_error("the kernel watches no more descriptors; raise fs.epoll.max_user_watches");
  }
}

void Acceptor::close() {
  for (const int fd : std::exchange(listeners_, {})) loop_.kernel().close(fd);
}

void Acceptor::on_event(const reactor::KernelEvent& event, bool all_read) {
  if (listeners_.empty()) return;
  accept(static_cast<int>(event.token & 0x7fffffff), static_cast<Door>(event.token >> kDoorShift & 0xff),
         all_read ? kMaxAccepts : kMaxAcceptsBehind);
}

void Acceptor::accept(int listener, Door door, int most) {
  reactor::Kernel& kernel = loop_.kernel();
  for (int i = 0; i < most; ++i) {
    PeerAddress peer;
    const int fd = kernel.accept(listener, peer);
    if (fd == -EMFILE || fd == -ENFILE) {
      shared_.limits.descriptors.reached();
      // One descriptor is kept for this: take the connection and close it, or it would wake us for ever.
      reserve_.reset();
      if (const int refused = kernel.accept(listener, peer); refused >= 0) kernel.close(refused);
      reserve_ = open_reserve();
      continue;
    }
    if (fd == -EINTR || fd == -ECONNABORTED) continue;
    if (fd < 0) return;
    Stream stream{reactor::OwnedFd(fd)};
    Limit& limit = shared_.limit_at(door);
    if (auto place = Counted::within(limit.value(), shared_.connections_at(door))) {
      http_.accept(std::move(stream), peer, std::move(*place), door);
    } else {
      limit.reached();
      http_.turn_away(std::move(stream), peer);
    }
  }
}

}  // namespace signalbox::net
