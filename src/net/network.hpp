#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <signalbox/requests.hpp>

#include "base/counted.hpp"
#include "base/histogram.hpp"
#include "base/message.hpp"
#include "net/application.hpp"
#include "net/options.hpp"
#include "reactor/stream.hpp"

namespace signalbox::net {

struct Limits;  // net/limits.hpp

using reactor::OwnedFd;
using reactor::Stream;

/// The time between the ends of two sessions of a drain: 5 ms, or less where so many would take longer than `most`.
Clock::duration drain_pace(std::size_t sessions, Milliseconds most);

/// The shards with their threads, listeners and mailboxes.
class Network : public Mailboxes {
 public:
  using Factory = std::function<std::unique_ptr<ShardApplication>(unsigned shard)>;

  /// Builds one application a shard by `factory` (called in start(), before any thread runs).
  static std::unique_ptr<Network> create(Options options, Factory factory);
  /// Binds and starts the threads. Throws std::system_error or std::runtime_error with a sentence ("port 3000 is in use
  /// …").
  virtual void start() = 0;
  /// Opens no new sessions. Those there are end (server_shutting_down), the first at once and the others one after the
  /// other (drain_pace), while all that is asked of them is answered. `drained` is called on a shard when none is left,
  /// perhaps more than once. Any thread.
  virtual void drain(Milliseconds most, std::function<void()> drained) = 0;
  /// Stops accepting, flushes what is queued, closes every session (server_shutting_down), joins the threads. Within 2
  /// s.
  virtual void stop() = 0;
  virtual std::uint16_t port() const = 0;                ///< 0: not started, or without one
  virtual std::uint16_t side_port(Door door) const = 0;  ///< of a door for operators; likewise
  /// Takes a connection that somebody else accepted, and what was read of it: the head of its first request (with the
  /// empty line at its end; it may be written anew) and the bytes behind that. What is refused is closed. Any thread.
  [[nodiscard]] virtual Adoption adopt(Stream stream, std::string head, std::string rest, const PeerAddress& peer) = 0;
  /// A place among the connections for something that takes a descriptor as they do; nothing: there is none left. It
  /// does not outlive the network. Any thread.
  virtual std::optional<Counted> place() = 0;
  /// Answers a request given to on_request(); one whose connection has gone is a no-op. Any thread.
  virtual void answer(const RequestId& request, Response response) = 0;
  /// Answers with a body that goes on until one of both sides ends it. A request that has no connection here is refused
  /// with 501. On the request's shard.
  virtual void stream(const RequestId& request, Response head, std::unique_ptr<BodySource> body) = 0;
  /// Has the body of that answer asked for more; one that has gone is a no-op. On the request's shard.
  virtual void go_on(const RequestId& request) = 0;
  /// Answers a request that has no connection here. `head` is as it could have come over one; `body` is whole, whatever
  /// that says of its length. `reply` is called once: on a shard, or in this call where nothing runs or there is no
  /// room. While it waits it counts as a connection. An upgrade is not answered: adopt() its connection. Any thread.
  virtual PendingRequest request(std::string head, std::string body, const PeerAddress& peer, HttpReply reply) = 0;
  /// Whoever asked has gone, and may not have had its answer: `reply` is not called any more, unless that happens at
  /// this moment. Any thread.
  virtual void asker_gone(const PendingRequest& request) = 0;

  struct Counters {
    std::size_t connections = 0, sessions = 0;
    std::size_t websockets = 0;        ///< of the connections
    std::size_t side_connections = 0;  ///< by the doors for operators
    std::size_t unauthenticated = 0;   ///< sessions without an authenticated socket
    std::size_t timers = 0;            ///< connections and sessions with a deadline
    std::size_t partial_bytes = 0;
    std::size_t queued_bytes = 0;
    std::size_t behind = 0;       ///< sessions for which more than a quarter of SEND_QUEUE_BYTES waits
    std::uint64_t conflated = 0;  ///< events that nobody had to read, since newer ones said more
    std::uint64_t relayed = 0;    ///< sessions whose clients another node has come to serve
  };
  virtual Counters counters() const = 0;     ///< any thread
  virtual const Limits& limits() const = 0;  ///< any thread
  /// As reactor::LoopTimes says, of all shards.
  struct Times {
    Histogram::Values turns, deliveries;
  };
  virtual Times times() const = 0;  ///< any thread
};

}  // namespace signalbox::net
