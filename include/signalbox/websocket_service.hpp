#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <signalbox/config.hpp>
#include <signalbox/connection_manager.hpp>
#include <signalbox/event_registry.hpp>
#include <signalbox/requests.hpp>
#include <signalbox/utils.hpp>

namespace signalbox {

/// The server could not start; what() says why and what would be right ("port 3000 is in use …").
struct StartError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// A request to a route of the application's own, and its answer.
struct RouteRequest {
  std::string_view method, path, query, body;
  std::span<const std::pair<std::string_view, std::string_view>> fields = {};  ///< names as sent
  /// The value of the first field of that name (any case); empty if absent.
  std::string_view field(std::string_view name) const;
};
struct RouteAnswer {
  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;
  std::vector<std::pair<std::string, std::string>> fields = {};
};
using Route = std::function<RouteAnswer(const RouteRequest&)>;

/// What the server holds at this moment, for whoever watches over it.
struct ServiceCounts {
  std::size_t connections = 0;      ///< TCP connections, whatever they speak
  std::size_t sessions = 0;         ///< Engine.IO sessions
  std::size_t unauthenticated = 0;  ///< of these, those in which nobody has logged in
  std::size_t timers = 0;           ///< connections and sessions with a deadline
  std::size_t partial_bytes = 0;    ///< of heads, bodies, messages and attachments that are not whole
  std::size_t queued_bytes = 0;     ///< of events and answers that wait for clients who read them slowly
  std::size_t users = 0;            ///< who are online, in their grace, or have something kept for them
};

/// The whole system in one object: the original's WebSocketService.
///
/// thread  construct, register, start and destroy from one thread; stop() and what gives the service's state from any.
///
/// process  making one changes nothing of the process. start() raises the soft limit of descriptors to the hard one,
/// and run() takes the signals that it names while it lasts. Other signals are the program's own: one whose stderr is a
/// pipe ignores SIGPIPE, or ends with the pipe's reader. A process may have several services, each with its Config, its
/// users and its log; one of them at a time may be in run(), the others start().
class WebSocketService {
 public:
  /// Throws ConfigError if a setting is missing or cannot work (no JWT_SECRET while JwtAuth stands in a chain: at
  /// start()).
  explicit WebSocketService(Config config);
  /// stop()s, waits for that, and for the store to write what it was given. Not in a handler or any other call that the
  /// service makes; and nobody may use it, its Io or an Ack of its any more.
  ~WebSocketService();
  WebSocketService(const WebSocketService&) = delete;
  WebSocketService& operator=(const WebSocketService&) = delete;

  /// The handlers of a namespace; naming one registers it. "/" exists always.
  EventRegistry events(std::string nsp = "/");
  /// Serves GET `path` (exactly) on the same port; `route` runs on a shard and must not block. Before start().
  void serve(std::string path, Route route);
  /// Serves the files of the demo page that were embedded at build time; false: built without them.
  bool serve_demo_page();

  /// Takes a connection that the program accepted itself, such as one that a web server of its own has looked at:
  /// `head` is what it read of the first request up to the empty line, that included, and may be written anew; `rest`
  /// is what it read behind that. From here the connection is like one of the service's own port, with its limits, its
  /// log and its timeouts, whether it asks for a WebSocket, for Engine.IO's polling or for anything else.
  ///
  /// fd              the service's from now on: also what is refused is closed. A Unix socket will do, behind which the
  ///                 program ends TLS.
  /// remote_address  the client's, such as "127.0.0.1", where the descriptor does not know it.
  /// thread          any, from start() on.
  [[nodiscard]] Adoption adopt(int fd, std::string head, std::string rest = {}, std::string_view remote_address = {});

  /// Answers a request that has no connection here, such as one that a web server of the program's own has read: of the
  /// HTTP interface, of a route, or of Engine.IO's polling, whose GET waits for what there is to say. While it waits it
  /// counts as a connection, and its body is held to the same limits. A request that wants a WebSocket gets 400, and
  /// one whose answer would go on (GET /api/presence as a stream of events) 501: their connections are for adopt().
  ///
  /// reply   called once, also when the session or the service ends: on a shard, which it must not block, or in this
  ///         call where the service does not run or has no room (503).
  /// thread  any.
  PendingRequest handle(HttpRequest request, HttpReply reply);
  /// Whoever made that request has gone before it had all of the answer. `reply` is not called any more, unless that
  /// happens at this moment. Any thread.
  void asker_gone(const PendingRequest& request);

  /// Binds the port, unless Config::listen is off, and starts the shards; returns at once. Takes no signals. Throws
  /// StartError; a service whose start failed does not start any more: make a new one.
  void start();
  /// start() if not yet started, then blocks until stop(), or until SIGINT, SIGTERM or SIGHUP and the drain that
  /// follows (SHUTDOWN_DELAY_MS, DRAIN_MS); a second SIGINT or SIGTERM ends that at once. SIGHUP stays as it is where
  /// the program has a handler for it or ignores it.
  ///
  /// when_started  called in this thread as soon as the service listens: from then on a signal drains. A program that
  ///               has more to do once it knows its port does it here, and not between start() and run(). What it
  ///               throws stops the service and comes out of run().
  void run(const std::function<void()>& when_started = {});
  /// What run() does at SIGTERM, for a program that takes its signals itself: SHUTDOWN_DELAY_MS, DRAIN_MS, then stop().
  /// Returns when all is done. stop() from another thread cuts it short, and it is stop() where the service does not
  /// run.
  ///
  /// While run() or another drain() lasts it counts as a signal there, and returns at once.
  ///
  /// thread  any but those of the service.
  void drain();
  /// Stops accepting, flushes, closes the transports (clients reconnect by themselves), writes what is left to write.
  /// Returns when done: within 2 s, and where the disk does not answer within another second or DRAIN_MS.
  /// A service that is stopped does not start any more, also if it has not been started.
  ///
  /// thread  any, several at once, and as often as one likes. In a call that a service makes (a handler, a middleware,
  /// a route, a posted task, OnCommitted) it returns at once, and a thread of its own carries it out: stop() elsewhere,
  /// run() and the destructor wait for that. Elsewhere hold no lock that a handler waits for. Throws std::runtime_error
  /// where that thread cannot be started.
  void stop();

  Io io() const;
  ConnectionManager connections() const { return ConnectionManager(io()); }
  ServiceCounts counts() const;
  /// The one bound, when Config::port was 0; 0 before start() and where Config::listen is off.
  std::uint16_t port() const;
  const Config& config() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace signalbox
