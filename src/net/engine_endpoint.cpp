#include "net/engine_endpoint.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/text.hpp"
#include "net/budgets.hpp"
#include "websocket/handshake.hpp"

namespace signalbox::net {
namespace {

constexpr std::string_view kEmptyLine = "\r\n", kLastRequest = "Connection: close\r\n";

}  // namespace

Response response_of(const engineio::RequestError& error) {
  return {
      .status = error.status, .fields = {{"Content-Type", "application/json"}}, .body = engineio::error_body(error)};
}

HttpFields cors_of(ShardApplication& application, const RequestHead& head) {
  HttpFields fields;
  application.add_cors(head, fields);
  bool allowed = false, methods = false;
  for (const auto& [name, value] : fields) {
    allowed = allowed || equal_ignoring_case(name, "Access-Control-Allow-Origin");
    methods = methods || equal_ignoring_case(name, "Access-Control-Allow-Methods");
  }
  if (head.method == "OPTIONS" && allowed && !methods) {
    fields.emplace_back("Access-Control-Allow-Methods", "GET,HEAD,PUT,PATCH,POST,DELETE");
    if (const auto asked = head.field("Access-Control-Request-Headers")) {
      fields.emplace_back("Vary", "Access-Control-Request-Headers");
      fields.emplace_back("Access-Control-Allow-Headers", *asked);
    }
  }
  return fields;
}

EngineEndpoint::EngineEndpoint(Shared& shared, const reactor::Loop& loop, Budgets& budgets, Connections& connections,
                               HttpServer& http, WebSockets& websockets, EngineSessions& sessions, Askers& askers)
    : shared_(shared),
      loop_(loop),
      budgets_(budgets),
      connections_(connections),
      http_(http),
      websockets_(websockets),
      sessions_(sessions),
      askers_(askers) {
  shared.endpoints.push_back(this);
}

unsigned EngineEndpoint::owner_of(const EngineQuery& query) const {
  if (!query || !query->sid) return loop_.index();
  return shard_of(shared_, *query->sid).value_or(loop_.index());
}

// Its session lives on another node: the connection leaves this one. A request is then the last of its connection, so
// that the next one, whose session may live elsewhere, comes on another.
bool EngineEndpoint::carry_away(Connection& connection, const EngineQuery& query, std::string_view rest,
                                Carried::Kind kind) {
  if (!shared_.options.other_nodes || !query || !query->sid) return false;
  const std::string_view tag = other_node_of(shared_.options, *query->sid);
  if (tag.empty()) return false;
  std::string bytes = connection.http->parser.raw();
  if (kind == Carried::Kind::request) bytes.insert(bytes.size() - kEmptyLine.size(), kLastRequest);
  bytes += rest;
  const PeerAddress peer = connection.http->peer;
  auto [stream, place] = connections_.take_out(connection);
  connections_.close(connection);
  shared_.options.other_nodes->carry({.tag = std::string(tag),
                                      .kind = kind,
                                      .stream = std::move(stream),
                                      .place = std::move(place),
                                      .bytes = std::move(bytes),
                                      .peer = peer});
  return true;
}

bool EngineEndpoint::on_head(Connection& connection, const RequestHead& head, std::string_view rest) {
  HttpState& http = *connection.http;
  for (const auto& [name, value] : cors_of(*application_, head)) http.cors += fmt::format("{}: {}\r\n", name, value);
  if (head.method == "OPTIONS") return http_.refuse(connection, {.status = 204, .fields = {}, .body = {}}), false;
  if (upgrade_requested(head)) return on_websocket_head(connection, head, rest);

  const EngineQuery query = engineio::parse_query(head.query);
  if (carry_away(connection, query, rest, Carried::Kind::request)) return true;
  const unsigned owner = owner_of(query);
  if (owner == loop_.index()) {
    if (const auto error = sessions_.check(head, query)) return http_.refuse(connection, response_of(*error)), false;
    if (!query->sid) return open_polling(connection, head, query->stamp), false;
  }
  http.sid = *query->sid;
  http.owner = owner;
  if (head.method == "POST") return begin_post(connection, query->stamp), false;
  http_.begin_body(connection,
                   std::min(shared_.options.preauth_message_bytes, shared_.options.session.max_payload_bytes));
  return false;
}

// A body of a size that an unauthenticated client may send is let in without asking. Nobody may send more than
// MAX_PAYLOAD_BYTES.
void EngineEndpoint::begin_post(Connection& connection, engineio::Stamp stamp) {
  const HttpState& http = *connection.http;
  const std::size_t most = shared_.options.session.max_payload_bytes;
  const std::size_t least = std::min(shared_.options.preauth_message_bytes, most);
  if (http.left > most) return http_.begin_body(connection, most);
  if (http.left > least || http.parser.chunked()) return ask_for_body(connection, stamp);
  run_at(shared_, shared_.sessions_of, loop_, http.owner,
         [sid = http.sid, id = http_.id_of(connection), stamp](EngineSessions& sessions) {
           sessions.begin_post(sid, id, stamp);
         });
  http_.begin_body(connection, least);
}

void EngineEndpoint::ask_for_body(Connection& connection, engineio::Stamp stamp) {
  const HttpState& http = *connection.http;
  http_.hold_body(connection);
  auto ask = [&shared = shared_, owner = http.owner, sid = http.sid, id = http_.id_of(connection),
              stamp](EngineSessions& sessions) {
    const PostAdmission admission = sessions.begin_post(sid, id, stamp);
    run_at(shared, shared.endpoints, *shared.loops[owner], id.shard,
           [id, admission](EngineEndpoint& endpoint) { endpoint.let_in(id, admission); });
  };
  if (!run_at(shared_, shared_.sessions_of, loop_, http.owner, std::move(ask)))
    http_.answer(connection, {.status = 503, .fields = {{"Retry-After", "2"}}, .body = {}}, true);
}

void EngineEndpoint::let_in(const RequestId& request, const PostAdmission& admission) {
  Connection* connection = connections_.find(request);
  if (!connection || connection->mode != Mode::asking) return;
  if (admission.max_body == 0) return http_.refuse(*connection, response_of(engineio::kUnknownSid));
  budgets_.set_account(*connection, admission.account);
  http_.let_in(*connection, admission.max_body);
}

void EngineEndpoint::open_polling(Connection& connection, const RequestHead& head, engineio::Stamp stamp) {
  const auto refuse = [&](const char* seconds) {
    http_.refuse(connection, {.status = 503, .fields = {{"Retry-After", seconds}}, .body = {}, .close = true});
  };
  if (!sessions_.opens()) return refuse("2");
  HttpState& http = *connection.http;
  http.keep_alive =
      http.keep_alive && http.left == 0 && !http.parser.chunked();  // a GET with a body: answered, not believed
  SessionEntry* entry = sessions_.open(engineio::Transport::polling, connection.http->peer, head);
  if (!entry) return refuse("5");
  http.sid = entry->session.sid();
  http.owner = loop_.index();
  entry->session.on_get(http_.id_of(connection), stamp, loop_.now());
  entry->touched();
}

// To the session's shard with it.
void EngineEndpoint::on_whole_request(Connection& connection) {
  HttpState& http = *connection.http;
  EngineRequest request{.id = http_.id_of(connection), .head = http.parser.take_raw(), .body = std::move(http.body)};
  http.body.clear();
  const bool taken =
      run_at(shared_, shared_.sessions_of, loop_, http.owner,
             [request = std::move(request)](EngineSessions& sessions) mutable { sessions.take(std::move(request)); });
  if (!taken) http_.answer(connection, {.status = 503, .fields = {{"Retry-After", "2"}}, .body = {}}, true);
}

void EngineEndpoint::answer(const RequestId& request, Response response, const Account& account) {
  if (Askers::names(request)) return askers_.answer(request, std::move(response));
  Connection* connection = http_.waiting_for(request);
  if (!connection) return;
  budgets_.set_account(*connection, account);
  http_.answer(*connection, response);
}

// The connection has died unnoticed; or its client repeats a request that it never ends, or whose answer it never
// reads, on one connection after the other.
void EngineEndpoint::drop_repeated(const RequestId& request) {
  if (Askers::names(request)) return askers_.answer(request, application_->refusal(400, Door::service));
  Connection* connection = connections_.find(request);
  if (!connection || !connection->unanswered()) return;
  connection->http->sid.clear();  // its end says nothing to the session
  connections_.close(*connection);
}

void EngineEndpoint::on_gone(const Connection& connection, Gone why) {
  run_at(shared_, shared_.sessions_of, loop_, connection.http->owner,
         [sid = connection.http->sid, id = http_.id_of(connection), why](EngineSessions& sessions) {
           sessions.request_gone(sid, id, why);
         });
}

}  // namespace signalbox::net
