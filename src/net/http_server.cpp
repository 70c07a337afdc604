#include "net/http_server.hpp"

#include <algorithm>
#include <utility>

#include "base/log.hpp"
#include "net/budgets.hpp"
#include "net/descriptors.hpp"

namespace signalbox::net {
namespace {

constexpr std::size_t kMaxStashed = 64 * 1024;
constexpr std::size_t kMaxThrownAway =
    8u << 20;  ///< of what a peer still sends after our last answer, so that it reads that
constexpr std::string_view kOverloaded =
    "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
constexpr Milliseconds kLinger{2000};
constexpr Milliseconds kWriteTimeout{30'000};
constexpr std::size_t kKeptCapacity = 1024;  ///< of an empty buffer, on a connection that may be idle for long

}  // namespace

void clear_and_shrink(std::string& buffer) {
  buffer.clear();
  if (buffer.capacity() > kKeptCapacity) buffer.shrink_to_fit();
}

HttpServer::HttpServer(Shared& shared, const reactor::Loop& loop, Connections& connections, Budgets& budgets,
                       EngineRequests& engine)
    : shared_(shared),
      options_(shared.options),
      loop_(loop),
      connections_(connections),
      budgets_(budgets),
      engine_(engine) {}

void HttpServer::turn_away(Stream stream, const PeerAddress& peer) {
  auto place = Counted::within(kMaxRefused, shared_.refused);
  if (!place) {
    stream.write(loop_.kernel(), kOverloaded);
    return stream.close(loop_.kernel());
  }
  Connection* connection = open(std::move(stream), peer, std::move(*place), Door::service, true);
  if (!connection) return;
  connection->http->out = kOverloaded;
  connection->mode = Mode::ending;
  connections_.touch(*connection);
}

void HttpServer::accept(Stream stream, const PeerAddress& peer, Counted place, Door door) {
  open(std::move(stream), peer, std::move(place), door);
}

// In one call: what stands behind the head of an upgrade may have to go on to another shard.
void HttpServer::adopt(Stream stream, const PeerAddress& peer, Counted place, std::string bytes) {
  Connection* connection = open(std::move(stream), peer, std::move(place), Door::service);
  if (connection && !bytes.empty()) take(*connection, bytes);
}

Connection* HttpServer::open(Stream stream, const PeerAddress& peer, Counted place, Door door, bool refused) {
  auto made = std::make_unique<Connection>(std::move(stream));
  made->door = door;
  made->refused = refused;
  made->http = std::make_unique<HttpState>(options_.max_head_bytes, options_.max_fields);
  made->http->begun_at = loop_.now();
  made->http->peer = peer;
  Connection* connection = connections_.open(std::move(made), std::move(place));
  if (connection) connections_.set_deadline(*connection, loop_.now() + options_.head_timeout);
  return connection;
}

void HttpServer::take(Connection& connection, std::span<char> bytes) {
  while (!bytes.empty() && connection.http && connection.mode != Mode::closed) {
    HttpState& http = *connection.http;
    std::size_t used = bytes.size();
    if (connection.mode == Mode::lingering || connection.mode == Mode::ending || connection.mode == Mode::streaming) {
      http.left += used;  // counts what is thrown away
      if (http.left > kMaxThrownAway) return connections_.close(connection);
    } else if (connection.mode == Mode::waiting || connection.mode == Mode::asking || !http.out.empty()) {
      // A pipelined request, whose turn comes when the answer before it has gone; or a body that is not let in yet.
      http.input.append(bytes.data(), bytes.size());
      if (http.input.size() > kMaxStashed) connection.paused = true;
    } else {
      used = on_bytes(connection, {bytes.data(), bytes.size()});
    }
    bytes = bytes.subspan(std::min(used, bytes.size()));
  }
  if (connection.mode == Mode::closed) return;
  if (!connection.http) return engine_.on_upgraded(connection, bytes);
  count_partial(connection);
  connections_.update_interest(connection);
}

void HttpServer::count_partial(Connection& connection) {
  const HttpState& http = *connection.http;
  const std::size_t bytes = http.parser.partial_bytes() + http.body.size() + http.input.size();
  if (bytes != 0 || connection.partial != 0) budgets_.set_partial(connection, bytes);
}

// What had to wait behind a request.
void HttpServer::take_input(Connection& connection) {
  connection.paused = false;
  std::string input = std::move(connection.http->input);  // moved out: an upgrade frees the HTTP state
  connection.http->input.clear();
  take(connection, input);
}

void HttpServer::on_end(Connection& connection) {
  HttpState& http = *connection.http;
  http.ended = true;
  // A client may end its side and still wait for an answer that is on its way; one that waits for a poll, or
  // follows what goes on, has gone.
  const bool busy = !http.out.empty() || (connection.mode == Mode::waiting && !http.engine) ||
                    (connection.mode != Mode::asking && !http.input.empty());
  if (!busy || connection.mode == Mode::lingering || connection.mode == Mode::streaming)
    return connections_.close(connection);
  http.keep_alive = false;
  connections_.update_interest(connection);
}

void HttpServer::on_deadline(Connection& connection) {
  switch (connection.mode) {
    case Mode::head:
      if (!connection.http->parser.started() || !connection.http->out.empty()) return connections_.close(connection);
      return fail(connection, 408);
    case Mode::asking:
    case Mode::body:
      return fail(connection, 408);
    case Mode::waiting:
      return;
    default:
      return connections_.close(connection);
  }
}

void HttpServer::flush(Connection& connection) {
  HttpState& http = *connection.http;
  if (!http.out.empty() && !connection.blocked) {
    if (!connections_.write(connection, std::string_view(http.out).substr(http.written), http.written)) return;
    if (connection.blocked && connection.mode != Mode::waiting)
      connections_.set_deadline(connection, std::min(loop_.now() + kWriteTimeout, http.until));
  }
  if (http.written < http.out.size() || connection.blocked) return budgets_.set_queued(connection, http.out.size());
  http.written = 0;
  clear_and_shrink(http.out);
  budgets_.set_queued(connection, 0);
  if (connection.standing == Standing::login) budgets_.set_standing(connection, Standing::unauthenticated);
  if (connection.mode == Mode::streaming) return give_next_piece(connection);
  if (connection.mode == Mode::ending) {
    connection.stream.end(loop_.kernel());
    if (http.ended) return connections_.close(connection);
    connection.mode = Mode::lingering;
    connection.paused = false;
    connections_.set_deadline(connection, loop_.now() + kLinger);
    return connections_.update_interest(connection);
  }
  if (connection.mode != Mode::head && connection.mode != Mode::discard) return;
  if (!http.input.empty()) return take_input(connection);
  if (http.ended || stopping_) return connections_.close(connection);
  if (connection.mode == Mode::head && !http.parser.started())
    connections_.set_deadline(connection, loop_.now() + options_.idle_timeout);
}

}  // namespace signalbox::net
