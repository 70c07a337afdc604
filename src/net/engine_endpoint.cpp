#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "engineio/sid.hpp"
#include "net/shard.hpp"
#include "websocket/handshake.hpp"

// The Engine.IO path: which session a request belongs to, and on which shard that lives.
namespace signalbox::net {

bool upgrade_requested(const RequestHead& head) {
  const auto upgrade = head.field("Upgrade");
  if (!upgrade || !has_token(*upgrade, "websocket")) return false;
  for (const auto& [name, value] : head.fields)
    if (equal_ignoring_case(name, "Connection") && has_token(value, "upgrade")) return true;
  return false;
}

Response response_of(const engineio::RequestError& error) {
  return {
      .status = error.status, .fields = {{"Content-Type", "application/json"}}, .body = engineio::error_body(error)};
}

Fields Shard::cors_of(const RequestHead& head) {
  Fields fields;
  application_->add_cors(head, fields);
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

std::optional<engineio::RequestError> Shard::check(const RequestHead& head, const EngineQuery& query) {
  if (!query) return query.error();
  const auto origin = head.field("Origin").value_or(std::string_view{});
  const auto control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  engineio::RequestFacts facts{.method = head.method,
                               .upgrade = upgrade_requested(head),
                               .origin_is_clean = std::none_of(origin.begin(), origin.end(), control)};
  if (query->sid) {
    if (const SessionEntry* entry = sessions_.find(*query->sid)) facts.session = entry->session.transport();
  }
  return engineio::check_request(*query, facts);
}

template <class Task>
bool Shard::on_shard(unsigned index, Task task) {
  if (index == index_) return task(*this), true;
  Shard* other = shared_.shards[index].get();
  return other->post(Message::run([task = std::move(task), other]() mutable { task(*other); }));
}

unsigned Shard::owner_of(std::string_view sid) const {
  const auto place = engineio::place_of(sid, static_cast<unsigned>(shared_.shards.size()));
  return place ? place->shard : index_;
}

bool Shard::on_engine_head(Connection& connection, const RequestHead& head, std::string_view rest) {
  HttpState& http = *connection.http;
  for (const auto& [name, value] : cors_of(head)) http.cors += fmt::format("{}: {}\r\n", name, value);
  if (head.method == "OPTIONS") return refuse(connection, {.status = 204, .fields = {}, .body = {}}), false;
  if (upgrade_requested(head)) return on_websocket_head(connection, head, rest);

  const EngineQuery query = engineio::parse_query(head.query);
  const unsigned owner = query && query->sid ? owner_of(*query->sid) : index_;
  if (owner == index_) {
    if (const auto error = check(head, query)) {
      return refuse(connection, response_of(*error)), false;
    }
    if (!query->sid) return open_polling(connection, head, query->stamp), false;
  }
  http.sid = *query->sid;
  http.owner = owner;
  // What a stranger may send too needs no leave; nobody may send more than MAX_PAYLOAD_BYTES.
  const std::size_t most = options_.session.max_payload_bytes, least = std::min(options_.preauth_message_bytes, most);
  if (head.method != "POST") return begin_body(connection, least), false;
  if (http.left > most) return begin_body(connection, most), false;
  if (http.left > least || http.parser.chunked()) return ask_for_body(connection, query->stamp), false;
  on_shard(owner, [sid = http.sid, id = request_id(connection), stamp = query->stamp](Shard& shard) {
    shard.begin_post(sid, id, stamp);
  });
  return begin_body(connection, least), false;
}

std::size_t Shard::most_of_post(const SessionEntry& entry) const {
  const std::size_t most = options_.session.max_payload_bytes;
  return entry.authenticated() ? most : std::min(options_.preauth_message_bytes, most);
}

void Shard::ask_for_body(Connection& connection, engineio::Stamp stamp) {
  HttpState& http = *connection.http;
  connection.mode = Mode::asking;
  set_deadline(connection, now() + options_.body_timeout);
  const bool asked = on_shard(http.owner, [sid = http.sid, id = request_id(connection), stamp](Shard& shard) {
    const SessionEntry* entry = shard.begin_post(sid, id, stamp);
    const Account account = entry ? entry->account() : Account{};
    const std::size_t room = entry ? shard.most_of_post(*entry) : 0;
    shard.on_shard(id.shard, [id, room, account](Shard& asking) { asking.take_body(id, room, account); });
  });
  if (!asked) put_answer(connection, 503, {{"Retry-After", "2"}}, {}, true);
}

void Shard::take_body(const RequestId& request, std::size_t max_body, const Account& account) {
  Connection* connection = connections_.find(request.slot, request.generation);
  if (!connection || connection->mode != Mode::asking || connection->http->number != request.number) return;
  if (max_body == 0) {
    return refuse(*connection, response_of(engineio::kUnknownSid));
  }
  budgets_.set_account(*connection, account);
  begin_body(*connection, max_body);
  if (!connection->http->input.empty()) return take_input(*connection);
  if (connection->mode != Mode::closed) count_partial(*connection);
}

void Shard::open_polling(Connection& connection, const RequestHead& head, engineio::Stamp stamp) {
  HttpState& http = *connection.http;
  if (closing()) {
    return refuse(connection, {.status = 503, .fields = {{"Retry-After", "2"}}, .body = {}, .close = true});
  }
  http.keep_alive =
      http.keep_alive && http.left == 0 && !http.parser.chunked();  // a GET with a body: answered, not believed
  SessionEntry* entry = open_session(engineio::Transport::polling, connection.peer, head);
  if (!entry) {
    return refuse(connection, {.status = 503, .fields = {{"Retry-After", "5"}}, .body = {}, .close = true});
  }
  http.sid = entry->session.sid();
  http.owner = index_;
  entry->session.on_get(request_id(connection), stamp, now());
  entry->touched();
}

// The body is whole: to the session's shard with it.
void Shard::give_engine_request(Connection& connection) {
  HttpState& http = *connection.http;
  EngineRequest request{.id = request_id(connection), .head = http.parser.take_raw(), .body = std::move(http.body)};
  http.body.clear();
  if (http.owner == index_) return on_engine_request(std::move(request));
  Shard& owner = *shared_.shards[http.owner];
  const bool taken = owner.post(
      Message::run([&owner, request = std::move(request)]() mutable { owner.on_engine_request(std::move(request)); }));
  if (!taken) put_answer(connection, 503, {{"Retry-After", "2"}}, {}, true);
}

void Shard::on_engine_request(EngineRequest request) {
  const RequestHead head = parse_head(request.head);
  const EngineQuery query = engineio::parse_query(head.query);
  if (const auto error = check(head, query)) {
    return engine_answer(
        request.id, {.status = error->status, .content_type = "application/json", .body = engineio::error_body(*error)},
        Account{});
  }
  SessionEntry& entry = *sessions_.find(*query->sid);
  entry.touched();
  if (head.method == "GET") return entry.session.on_get(request.id, query->stamp, now());
  if (head.method != "POST") return entry.session.on_bad_request(request.id, 400, now());
  const auto type = head.field("Content-Type").value_or(std::string_view{});
  if (!entry.post || entry.post->id != request.id) {
    // Its session has ended, or its repeat has taken its place.
    if (entry.session.open()) return entry.session.on_bad_request(request.id, 400, now());
    return entry.session.on_post(request.id, query->stamp, type, request.body, now());
  }
  entry.post->content_type = type;
  entry.post->body = std::move(request.body);
  entry.post->whole = true;
  sessions_.count_partial(entry);
  deliver_held(entry);
}

// Two POSTs at once mean that two clients hold this sid: the session ends ("overlap from client"), and so the second,
// when it is whole, is of a session that there is not. A repeat takes the place of the first, whose connection has died
// unnoticed.
SessionEntry* Shard::begin_post(const std::string& sid, const RequestId& id, engineio::Stamp stamp) {
  SessionEntry* entry = sessions_.find(sid);
  if (!entry || !entry->session.open()) return nullptr;
  entry->touched();
  if (entry->post) {
    if (!entry->session.repeats(entry->post->stamp, stamp))
      return entry->session.close(CloseReason::transport_error, now()), nullptr;
    drop_repeated(entry->post->id);
  }
  entry->post = std::make_unique<SessionEntry::Post>(
      SessionEntry::Post{.id = id, .stamp = stamp, .content_type = {}, .body = {}});
  sessions_.count_partial(*entry);
  return entry;
}

// Its request has no answer yet, or has not been given all of it.
bool Shard::unanswered(const Connection& connection) {
  switch (connection.mode) {
    case Mode::waiting:
    case Mode::asking:
    case Mode::body:
      return true;
    default:
      return connection.http->written < connection.http->out.size();
  }
}

// The connection has died unnoticed; or its client repeats what it never ends or reads, on one after the other.
void Shard::drop_repeated(const RequestId& request) {
  on_shard(request.shard, [request](Shard& shard) {
    if (Askers::names(request)) return shard.answer(request, shard.application_->refusal(400));
    Connection* connection = shard.connections_.find(request.slot, request.generation);
    if (!connection || !connection->http || connection->http->number != request.number) return;
    if (!unanswered(*connection)) return;
    connection->http->sid.clear();  // its end says nothing to the session
    shard.close_connection(*connection);
  });
}

// A reset alone says nothing: HAProxy ends so each connection that it needs no more.
bool Shard::engine_request_would_go(const Connection& connection) const {
  if (!connection.http || !connection.http->engine || connection.http->sid.empty()) return false;
  if (unanswered(connection)) return true;
  // Our end counts as a byte.
  return connection.stream.unacknowledged(kernel()) > (connection.mode == Mode::lingering ? 1 : 0);
}

void Shard::engine_gone(Connection& connection, Gone why) {
  on_shard(connection.http->owner, [sid = connection.http->sid, id = request_id(connection), why](Shard& shard) {
    shard.request_gone(sid, id, why);
  });
}

void Shard::request_gone(const std::string& sid, const RequestId& id, Gone why) {
  SessionEntry* entry = sessions_.find(sid);
  if (!entry) return;
  if (entry->post && entry->post->id == id) entry->post.reset();
  sessions_.count_partial(*entry);
  entry->resume = true;
  entry->session.on_request_gone(id, now());
  if (why == Gone::too_large && entry->session.open()) entry->session.close(CloseReason::transport_error, now());
  entry->touched();
}

// From the session's shard back to the one whose connection asked.
void Shard::engine_answer(const RequestId& request, engineio::Answer answer, const Account& account) {
  Response response{.status = answer.status,
                    .fields = {{"Content-Type", std::string(answer.content_type)}},
                    .body = std::move(answer.body)};
  if (answer.status == 200) response.fields.emplace_back("Cache-Control", "no-store");
  auto put = [request, account, response = std::move(response)](Shard& shard) mutable {
    if (Connection* connection = shard.waiting_for(request)) shard.budgets_.set_account(*connection, account);
    shard.answer(request, std::move(response));
  };
  // Refused only by a shard that has stopped, and then the connection has gone as well.
  on_shard(request.shard, std::move(put));
}

void Shard::refuse_websocket(Connection& connection, int status, std::string_view message, Fields fields) {
  fields.emplace_back("Content-Type", "text/html");
  put_answer(connection, status, fields, message, true);
}

bool Shard::on_websocket_head(Connection& connection, const RequestHead& head, std::string_view rest) {
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
  const unsigned owner = query && query->sid ? owner_of(*query->sid) : index_;
  if (owner == index_) return upgrade_here(connection, head, query), false;

  // The session lives elsewhere, and so will its socket from now on: descriptor, head and what came behind the head.
  Shard* other = shared_.shards[owner].get();
  kernel().unwatch(connection.stream.fd());
  connection.counted = false;  // its place goes along
  static_cast<void>(other->post(Message::run([other, stream = std::move(connection.stream), peer = connection.peer,
                                              place = Counted::taken_over(shared_.connections),
                                              bytes = connection.http->parser.raw() + std::string(rest)]() mutable {
    other->adopt(std::move(stream), peer, std::move(place), std::move(bytes));
  })));
  close_connection(connection);
  return true;
}

void Shard::upgrade_here(Connection& connection, const RequestHead& head, const EngineQuery& query) {
  if (const auto error = check(head, query)) return refuse_websocket(connection, error->status, error->message);
  if (stop_deadline_ != kNever || (closing() && !query->sid))
    return refuse_websocket(connection, 503, "Service Unavailable", {{"Retry-After", "2"}});
  const std::string accept = websocket::accept_key(*head.field("Sec-WebSocket-Key"));
  if (!query->sid) {
    SessionEntry* entry = open_session(engineio::Transport::websocket, connection.peer, head);
    if (!entry) return refuse_websocket(connection, 503, "Service Unavailable", {{"Retry-After", "5"}});
    become_websocket(connection, accept);
    attach(connection, *entry);
    entry->session.attach_websocket(connection.websocket_id());
    return;
  }
  SessionEntry& entry = *sessions_.find(*query->sid);
  become_websocket(connection, accept);
  if (entry.session.on_upgrade_request(connection.websocket_id(), now())) {
    attach(connection, entry);
  } else {
    want_close(connection, 1000);
  }
}

}  // namespace signalbox::net
