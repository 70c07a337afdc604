#pragma once
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "net/connections.hpp"
#include "net/engine_sessions.hpp"
#include "net/http_answer.hpp"

namespace signalbox::net {

/// Serves the Engine.IO path of an HTTP server. thread: its shard's.
class EngineRequests {
 public:
  /// A head; `rest` has come behind it. It is answered, or its body let in (begin_body, hold_body), or the connection
  /// becomes a WebSocket. True: `rest` was taken as well, as the connection has moved to another shard.
  virtual bool on_head(Connection& connection, const RequestHead& head, std::string_view rest) = 0;
  virtual void on_whole_request(Connection& connection) = 0;
  /// The connection is a WebSocket by now; `rest` came behind the head of its upgrade.
  virtual void on_upgraded(Connection& connection, std::span<char> rest) = 0;
  /// The body of this request will not come whole, or its answer is owed as its connection ends.
  virtual void on_gone(const Connection& connection, Gone why) = 0;

 protected:
  ~EngineRequests() = default;
};

/// The connections of a shard that speak HTTP/1.1: heads and bodies in, answers out, one request after the other.
///
/// Requests go to the application, or to EngineRequests. They may be answered within the call. A request behind another
/// waits for the answer to that.
///
/// thread  its shard's.
class HttpServer {
 public:
  HttpServer(Shared& shared, const reactor::Loop& loop, Connections& connections, Budgets& budgets,
             EngineRequests& engine);
  void set_application(ShardApplication& application) { application_ = &application; }
  /// From now on each answer is the last of its connection.
  void stop() { stopping_ = true; }
  bool stopping() const { return stopping_; }

  /// Takes a new connection.
  void accept(Stream stream, const PeerAddress& peer, Counted place, Door door);
  /// Takes a connection of which somebody else has read these bytes.
  void adopt(Stream stream, const PeerAddress& peer, Counted place, std::string bytes);
  /// Tells it that there is no room.
  void turn_away(Stream stream, const PeerAddress& peer);

  void take(Connection& connection, std::span<char> bytes);
  void on_end(Connection& connection);
  void on_deadline(Connection& connection);
  /// Writes the answer, and then goes on with the request behind it.
  void flush(Connection& connection);

  // For those that serve requests.
  RequestId id_of(const Connection& connection) const;
  /// Null: it has gone, or been answered.
  Connection* waiting_for(const RequestId& request) const;
  void answer(Connection& connection, const Response& response, bool close = false);
  /// An answer that goes on, and is the last of its connection; of a HEAD the head alone. One piece at a time waits
  /// there, and each turn takes a few: a long answer holds nobody up, and who does not read it costs one piece.
  void stream(Connection& connection, const Response& head, std::unique_ptr<BodySource> body);
  /// Its body has something to say.
  void go_on(const RequestId& request);
  /// Answers before the whole body has come.
  void refuse(Connection& connection, const Response& response);
  void begin_body(Connection& connection, std::size_t max_body);
  /// Nothing of the body is taken until let_in().
  void hold_body(Connection& connection);
  void let_in(Connection& connection, std::size_t max_body);

 private:
  Connection* open(Stream stream, const PeerAddress& peer, Counted place, Door door, bool refused = false);
  std::size_t on_bytes(Connection& connection, std::string_view bytes);
  bool on_head(Connection& connection, std::string_view rest);
  std::size_t on_body_bytes(Connection& connection, std::string_view bytes);
  void on_whole_request(Connection& connection);
  void fail(Connection& connection, int status);
  void give_next_piece(Connection& connection);
  void take_input(Connection& connection);
  void count_partial(Connection& connection);

  Shared& shared_;
  const Options& options_;
  const reactor::Loop& loop_;
  Connections& connections_;
  Budgets& budgets_;
  EngineRequests& engine_;
  ShardApplication* application_ = nullptr;
  bool stopping_ = false;
  HttpDate date_;
};

}  // namespace signalbox::net
