#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <utility>

#include "reactor/kernel.hpp"

namespace signalbox::reactor {

/// The bare descriptor under a stream, and how many bytes the kernel has taken for it.
///
/// thread  its stream's.
class Wire {
 public:
  explicit Wire(OwnedFd fd) : fd_(std::move(fd)) {}

  int fd() const { return fd_.get(); }
  long read(Kernel& kernel, std::span<char> out) { return kernel.read(fd(), out.data(), out.size()); }
  long write(Kernel& kernel, std::string_view bytes) {
    const long taken = kernel.write(fd(), bytes.data(), bytes.size());
    if (taken > 0) sent_ += static_cast<std::uint32_t>(taken);
    return taken;
  }
  std::uint32_t sent() const { return sent_; }  ///< modulo 2^32
  int release() { return fd_.release(); }

 private:
  OwnedFd fd_;
  std::uint32_t sent_ = 0;
};

/// Stands between a connection and its wire where the bytes differ, as with TLS.
///
/// read() and write() answer as the kernel's do, in bytes of the connection. What write() said it took and the wire
/// did not is held here, and goes first at the next write(), which may be of no bytes.
///
/// thread  its stream's.
class StreamFilter {
 public:
  virtual ~StreamFilter() = default;
  virtual long read(Kernel& kernel, Wire& wire, std::span<char> out) = 0;
  virtual long write(Kernel& kernel, Wire& wire, std::string_view bytes) = 0;
  /// Does it hold bytes for the connection, which the kernel reports no more?
  virtual bool holds_input() const = 0;
  /// Does it hold bytes for the wire, until the kernel takes more?
  virtual bool holds_output() const = 0;
};

/// What a connection reads from and writes to: a descriptor, or a filter before it. Owns both.
///
/// thread  one at a time: between loops it travels in a message.
class Stream {
 public:
  explicit Stream(OwnedFd fd, std::unique_ptr<StreamFilter> filter = nullptr)
      : wire_(std::move(fd)), filter_(std::move(filter)) {}

  int fd() const { return wire_.fd(); }
  /// As Kernel::read.
  long read(Kernel& kernel, std::span<char> out) {
    if (filter_) [[unlikely]]
      return filter_->read(kernel, wire_, out);
    return wire_.read(kernel, out);
  }
  /// As Kernel::write.
  long write(Kernel& kernel, std::string_view bytes) {
    if (filter_) [[unlikely]]
      return filter_->write(kernel, wire_, bytes);
    return wire_.write(kernel, bytes);
  }
  bool holds_input() const { return filter_ && filter_->holds_input(); }
  bool holds_output() const { return filter_ && filter_->holds_output(); }

  /// Bytes that the kernel took, modulo 2^32.
  std::uint32_t sent() const { return wire_.sent(); }
  /// Of these, how many the peer has not acknowledged.
  std::size_t unacknowledged(Kernel& kernel) const { return kernel.unacknowledged(fd()); }
  /// Of these, what the peer's kernel has, modulo 2^32.
  std::uint32_t arrived(Kernel& kernel) const {
    return wire_.sent() - static_cast<std::uint32_t>(unacknowledged(kernel));
  }
  void end(Kernel& kernel) { kernel.shutdown_writing(fd()); }  ///< nothing more will be written
  void close(Kernel& kernel) {
    if (fd() >= 0) kernel.close(wire_.release());
  }

 private:
  Wire wire_;
  std::unique_ptr<StreamFilter> filter_;
};

}  // namespace signalbox::reactor
