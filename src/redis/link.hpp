#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "reactor/connecting.hpp"
#include "reactor/loop.hpp"
#include "reactor/resolving.hpp"
#include "reactor/stream.hpp"
#include "redis/connection.hpp"
#include "redis/tls.hpp"
#include "redis/url.hpp"

namespace signalbox::redis {

/// One connection to one server, from the look-up of its name to its end, which comes once and with the reason.
///
/// thread  its loop's. It must not be destroyed by whoever it calls.
class Link {
 public:
  struct Target {
    Host host;
    bool tls = false;
    reactor::LookUp look_up = reactor::look_up;
  };

  /// `token` names its descriptors in the loop's events.
  Link(reactor::Loop& loop, std::uint64_t token, Target target, ConnectionOptions options,
       Connection::Observer& observer);
  ~Link();
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;

  void on_event();
  void on_timer();
  TimePoint next_deadline() const;
  /// Writes what the kernel takes.
  void flush();

  void send(const Command& command, OnAnswer on_answer, Milliseconds patience);
  /// Bytes that the kernel has not taken.
  std::size_t unwritten() const { return connection_ ? connection_->unwritten().size() : 0; }
  void end(Error why);
  /// Nothing: it has not ended.
  const Error* ended() const;
  /// "redis.example:6379"; behind a name also the address.
  std::string peer() const;

 private:
  void connect();
  void on_connecting();
  void open();
  void read();
  void fail(std::string why);
  void fail_io(long error);
  bool agrees_late() const;
  void watch_writing(bool wanted);

  reactor::Loop& loop_;
  const std::uint64_t token_;
  const Target target_;
  const ConnectionOptions options_;
  Connection::Observer& observer_;
  std::optional<reactor::Resolving> resolving_;
  std::vector<reactor::Destination> destinations_;
  std::size_t destination_ = 0;  ///< the one that is tried, or connected
  std::optional<reactor::Connecting> connecting_;
  std::optional<reactor::Stream> stream_;
  TlsFilter* tls_ = nullptr;  ///< stream_'s
  TimePoint opened_{};        ///< when stream_ was
  bool watches_writing_ = false;
  bool unflushed_ = false;  ///< something was sent since the last flush()
  std::optional<Connection> connection_;
  std::optional<Error> failed_;  ///< before there was a connection
};

}  // namespace signalbox::redis
