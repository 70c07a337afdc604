#pragma once
#include <cstdint>
#include <vector>

#include "net/http_server.hpp"
#include "reactor/kernel.hpp"

namespace signalbox::net {

/// Owns the listening sockets of a shard, and accepts connections from them.
///
/// thread  its shard's.
class Acceptor {
 public:
  Acceptor(Shared& shared, const reactor::Loop& loop, HttpServer& http);
  ~Acceptor() { close(); }
  Acceptor(const Acceptor&) = delete;
  Acceptor& operator=(const Acceptor&) = delete;

  void add(int listener, Door door);
  /// Is this event a listener's, and no connection's?
  static bool concerns(const reactor::KernelEvent& event) { return event.token >> 62 == kMark; }
  /// While connected clients wait to be read, only a few new ones are let in: so new ones do not push out a login that
  /// waits unread, however many come at once.
  void on_event(const reactor::KernelEvent& event, bool all_read);
  void close();

 private:
  static constexpr std::uint64_t kMark = 2;  ///< connections have 0 or 1 there, relays 3

  static constexpr unsigned kDoorShift = 32;

  void accept(int listener, Door door, int most);

  Shared& shared_;
  const reactor::Loop& loop_;
  HttpServer& http_;
  std::vector<int> listeners_;
  reactor::OwnedFd reserve_;  ///< given up for a moment when descriptors run out, so that accept can refuse instead of
                              ///< spinning
};

}  // namespace signalbox::net
