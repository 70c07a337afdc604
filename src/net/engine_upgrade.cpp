#include "net/engine_endpoint.hpp"
#include "websocket/handshake.hpp"

// From a request at the Engine.IO path to a WebSocket.
namespace signalbox::net {

void EngineEndpoint::refuse_websocket(Connection& connection, int status, std::string_view message, HttpFields fields) {
  fields.emplace_back("Content-Type", "text/html");
  http_.answer(connection, {.status = status, .fields = std::move(fields), .body = std::string(message)}, true);
}

bool EngineEndpoint::on_websocket_head(Connection& connection, const RequestHead& head, std::string_view rest) {
  const auto version = head.field("Sec-WebSocket-Version");
  const auto key = head.field("Sec-WebSocket-Key");
  const HeadParser& parser = connection.http->parser;
  if (head.method != "GET" || !parser.http_1_1() || head.content_length != 0 || parser.chunked()) {
    return refuse_websocket(connection, 400, "Bad request"), false;
  }
  if (version != "13") {
    return refuse_websocket(connection, 426, "Upgrade Required",
                            {{"Sec-WebSocket-Version", "13"}, {"Upgrade", "websocket"}}),
           false;
  }
  if (!key || head.count("Sec-WebSocket-Key") != 1 || !websocket::valid_key(*key)) {
    return refuse_websocket(connection, 400, "Bad request"), false;
  }
  if (!application_->origin_allowed(head)) return refuse_websocket(connection, 403, "Forbidden"), false;
  const EngineQuery query = engineio::parse_query(head.query);
  if (carry_away(connection, query, rest, Carried::Kind::upgrade)) return true;
  const unsigned owner = owner_of(query);
  if (owner == loop_.index()) return upgrade_here(connection, head, query), false;
  return move_to(owner, connection, rest), true;
}

// The session lives elsewhere, and so will its socket from now on: descriptor, head and what came behind the head.
void EngineEndpoint::move_to(unsigned shard, Connection& connection, std::string_view rest) {
  auto taken = connections_.take_out(connection);
  run_at(shared_, shared_.endpoints, loop_, shard,
         [stream = std::move(taken.first), place = std::move(taken.second), peer = connection.http->peer,
          bytes = connection.http->parser.raw() + std::string(rest)](EngineEndpoint& endpoint) mutable {
           endpoint.http_.adopt(std::move(stream), peer, std::move(place), std::move(bytes));
         });
  connections_.close(connection);
}

void EngineEndpoint::upgrade_here(Connection& connection, const RequestHead& head, const EngineQuery& query) {
  if (const auto error = sessions_.check(head, query))
    return refuse_websocket(connection, error->status, error->message);
  if (http_.stopping() || (!sessions_.opens() && !query->sid))
    return refuse_websocket(connection, 503, "Service Unavailable", {{"Retry-After", "2"}});
  const std::string accept = websocket::accept_key(*head.field("Sec-WebSocket-Key"));
  if (!query->sid) {
    SessionEntry* entry = sessions_.open(engineio::Transport::websocket, connection.http->peer, head);
    if (!entry) return refuse_websocket(connection, 503, "Service Unavailable", {{"Retry-After", "5"}});
    websockets_.open(connection, accept);
    WebSockets::attach(connection, *entry);
    entry->session.attach_websocket(connection.id());
    return;
  }
  SessionEntry& entry = *sessions_.find(*query->sid);
  websockets_.open(connection, accept);
  if (entry.session.on_upgrade_request(connection.id(), loop_.now())) {
    WebSockets::attach(connection, entry);
  } else {
    websockets_.want_close(connection, 1000);
  }
}

}  // namespace signalbox::net
