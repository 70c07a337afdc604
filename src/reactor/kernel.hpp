#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "base/clock.hpp"
#include "reactor/destination.hpp"
#include "reactor/peer_address.hpp"

namespace signalbox::reactor {

/// What became of a watched descriptor.
struct KernelEvent {
  std::uint64_t token = 0;
  bool readable = false;
  bool writable = false;
  bool broken = false;  ///< reset, or closed in both directions
};

/// Every system call of a loop and of the parts on it, so that a whole shard can run over a network in memory.
///
/// thread  its loop's; wake() from any.
class Kernel {
 public:
  static constexpr unsigned kNone = 0, kRead = 1, kWrite = 2;

  virtual ~Kernel() = default;
  virtual TimePoint now() = 0;
  /// Waits for events or wake(); a negative `timeout` waits without end. Returns how many events were filled in.
  virtual std::size_t wait(std::span<KernelEvent> events, Milliseconds timeout) = 0;
  virtual void wake() = 0;
  /// False: the kernel has no room for it.
  virtual bool watch(int fd, std::uint64_t token, unsigned interest) = 0;
  virtual void change(int fd, std::uint64_t token, unsigned interest) = 0;
  virtual void unwatch(int fd) = 0;
  /// A new non-blocking connection, or -errno.
  virtual int accept(int listener, PeerAddress& peer) = 0;
  /// Begins to connect: a new non-blocking descriptor, or -errno. Once it is writable or broken, finish_connect() says
  /// what became of it.
  virtual int begin_connect(const Destination& to) = 0;
  virtual int finish_connect(int fd) = 0;                               ///< 0: it is connected; negative: -errno
  virtual long read(int fd, char* out, std::size_t capacity) = 0;       ///< 0: the peer has ended; negative: -errno
  virtual long write(int fd, const char* bytes, std::size_t size) = 0;  ///< negative: -errno
  virtual void shutdown_writing(int fd) = 0;
  virtual void close(int fd) = 0;  ///< which also ends its watch
  /// Bytes written but not yet acknowledged by the peer.
  virtual std::size_t unacknowledged(int fd) = 0;
};

/// The real one, over epoll.
std::unique_ptr<Kernel> make_epoll_kernel();

/// A descriptor that its owner closes; for one that travels between threads.
class OwnedFd {
 public:
  explicit OwnedFd(int fd = -1) : fd_(fd) {}
  OwnedFd(OwnedFd&& other) noexcept : fd_(other.release()) {}
  OwnedFd& operator=(OwnedFd&& other) noexcept;
  ~OwnedFd() { reset(); }
  int get() const { return fd_; }
  int release() {
    const int fd = fd_;
    fd_ = -1;
    return fd;
  }
  void reset();

 private:
  int fd_;
};

}  // namespace signalbox::reactor
