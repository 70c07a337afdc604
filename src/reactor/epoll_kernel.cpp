#include <linux/sockios.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "reactor/kernel.hpp"

namespace signalbox::reactor {
namespace {

constexpr std::uint64_t kWakeToken = ~std::uint64_t{0};
constexpr std::size_t kMaxEvents = 256;

std::uint32_t epoll_mask(unsigned interest) {
  std::uint32_t mask = 0;
  if (interest & Kernel::kRead) mask |= EPOLLIN | EPOLLRDHUP;
  if (interest & Kernel::kWrite) mask |= EPOLLOUT;
  return mask;
}

class EpollKernel final : public Kernel {
 public:
  EpollKernel() : epoll_(epoll_create1(EPOLL_CLOEXEC)), wake_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
    epoll_event event{.events = EPOLLIN, .data = {.u64 = kWakeToken}};
    if (epoll_.get() < 0 || wake_.get() < 0 || epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, wake_.get(), &event) != 0) {
      throw std::system_error(errno, std::generic_category(), "epoll");
    }
  }

  TimePoint now() override { return Clock::now(); }

  std::size_t wait(std::span<KernelEvent> events, Milliseconds timeout) override {
    epoll_event raw[kMaxEvents];
    const int room = static_cast<int>(std::min(events.size(), kMaxEvents));
    const int got = epoll_wait(epoll_.get(), raw, room, static_cast<int>(timeout.count()));
    std::size_t count = 0;
    for (int i = 0; i < got; ++i) {
      const auto mask = raw[i].events;
      if (raw[i].data.u64 == kWakeToken) {
        std::uint64_t ignored = 0;
        [[maybe_unused]] const auto n = ::read(wake_.get(), &ignored, sizeof ignored);
        continue;
      }
      events[count++] = {.token = raw[i].data.u64,
                         .readable = (mask & (EPOLLIN | EPOLLRDHUP)) != 0,
                         .writable = (mask & EPOLLOUT) != 0,
                         .broken = (mask & (EPOLLERR | EPOLLHUP)) != 0};
    }
    return count;
  }

  void wake() override {
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto n = ::write(wake_.get(), &one, sizeof one);
  }

  bool watch(int fd, std::uint64_t token, unsigned interest) override {
    epoll_event event{.events = epoll_mask(interest), .data = {.u64 = token}};
    return epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) == 0;
  }
  void change(int fd, std::uint64_t token, unsigned interest) override {
    epoll_event event{.events = epoll_mask(interest), .data = {.u64 = token}};
    epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, fd, &event);
  }
  void unwatch(int fd) override { epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr); }

  int accept(int listener, PeerAddress& peer) override;
  int begin_connect(const Destination& to) override;
  int finish_connect(int fd) override {
    int error = 0;
    socklen_t size = sizeof error;
    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? -error : -errno;
  }

  long read(int fd, char* out, std::size_t capacity) override {
    const auto n = ::recv(fd, out, capacity, 0);
    return n >= 0 ? n : -errno;
  }
  long write(int fd, const char* bytes, std::size_t size) override {
    const auto n = ::send(fd, bytes, size, MSG_NOSIGNAL | MSG_DONTWAIT);
    return n >= 0 ? n : -errno;
  }
  void shutdown_writing(int fd) override { ::shutdown(fd, SHUT_WR); }
  void close(int fd) override { ::close(fd); }
  std::size_t unacknowledged(int fd) override {
    int bytes = 0;
    return ioctl(fd, SIOCOUTQ, &bytes) == 0 && bytes > 0 ? static_cast<std::size_t>(bytes) : 0;
  }

 private:
  OwnedFd epoll_;
  OwnedFd wake_;
};

int EpollKernel::accept(int listener, PeerAddress& peer) {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  const int fd = ::accept4(listener, reinterpret_cast<sockaddr*>(&storage), &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd < 0) return -errno;
  peer = peer_address(storage);
  return fd;
}

int EpollKernel::begin_connect(const Destination& to) {
  sockaddr_storage storage{};
  const socklen_t size = socket_address(to, storage);
  if (size == 0) return -ENAMETOOLONG;
  OwnedFd fd(::socket(storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (fd.get() < 0) return -errno;
  // A Unix socket whose listener is behind says EAGAIN, and never more.
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&storage), size) != 0 && errno != EINPROGRESS)
    return -errno;
  return fd.release();
}

}  // namespace

std::unique_ptr<Kernel> make_epoll_kernel() {
  return std::make_unique<EpollKernel>();
}

void OwnedFd::reset() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

OwnedFd& OwnedFd::operator=(OwnedFd&& other) noexcept {
  reset();
  fd_ = other.release();
  return *this;
}

}  // namespace signalbox::reactor
