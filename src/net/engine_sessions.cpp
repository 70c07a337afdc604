#include "net/engine_sessions.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/assert.hpp"
#include "base/text.hpp"
#include "net/engine_endpoint.hpp"
#include "net/http_parser.hpp"

namespace signalbox::net {

bool upgrade_requested(const RequestHead& head) {
  const auto upgrade = head.field("Upgrade");
  if (!upgrade || !has_token(*upgrade, "websocket")) return false;
  for (const auto& [name, value] : head.fields)
    if (equal_ignoring_case(name, "Connection") && has_token(value, "upgrade")) return true;
  return false;
}

/// The way from a session to its sockets and requests.
struct EngineSessions::Session final : SessionEntry {
  Session(EngineSessions& in, const engineio::Sid& sid, engineio::Transport first)
      : SessionEntry(in.table_, sid, first, in.shared_.options.session, in.loop_.now()), sessions(in) {}

  void answer(const RequestId& request, engineio::Answer answer) override {
    sessions.answer(request, std::move(answer), account());
  }
  void on_repeated(const RequestId& request) override { sessions.drop_repeated(request); }
  void send_now(engineio::WebSocketId websocket, const FrameRef& frame) override {
    sessions.websockets_.send_now(websocket, frame);
  }
  void close_websocket(engineio::WebSocketId websocket, std::uint16_t code) override {
    sessions.websockets_.close(websocket, code);
  }
  bool still_draining() override { return sessions.websockets_.still_draining(*this); }
  void set_reading(bool wanted) override {
    if (reading == wanted) return;
    reading = resume = wanted;
    session.set_reading(wanted, sessions.loop_.now());
    touched();
    if (!wanted) sessions.websockets_.stop_reading(*this);  // else once what is held has been taken
  }
  bool relay_to(std::string tag, const HandshakeRequest& handshake, Relayed then) override {
    return sessions.relays_.open(*this, std::move(tag), handshake, std::move(then));
  }

  EngineSessions& sessions;
};

EngineSessions::EngineSessions(Shared& shared, const reactor::Loop& loop, SessionTable& table, WebSockets& websockets,
                               Relays& relays)
    : shared_(shared), loop_(loop), table_(table), websockets_(websockets), relays_(relays) {
  shared.sessions_of.push_back(this);
}

SessionEntry* EngineSessions::open(engineio::Transport transport, const PeerAddress& peer, const RequestHead& head) {
  const auto sid = table_.admit(peer);
  if (!sid) return nullptr;
  HandshakeRequest handshake(packed_head(head), head.remote_address, unix_ms(std::chrono::system_clock::now()));
  SessionEntry& entry = table_.add(std::make_unique<Session>(*this, *sid, transport), peer, handshake.bytes());
  entry.handler = application_->on_session(entry.session, entry, std::move(handshake), loop_.now());
  SB_ASSERT(entry.handler != nullptr);
  entry.session.set_handler(*entry.handler);
  entry.touched();
  return &entry;
}

std::optional<engineio::RequestError> EngineSessions::check(const RequestHead& head, const EngineQuery& query) const {
  if (!query) return query.error();
  const auto origin = head.field("Origin").value_or(std::string_view{});
  const auto control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  engineio::RequestFacts facts{.method = head.method,
                               .upgrade = upgrade_requested(head),
                               .origin_is_clean = std::none_of(origin.begin(), origin.end(), control)};
  if (query->sid) {
    if (const SessionEntry* entry = table_.find(*query->sid)) facts.session = entry->session.transport();
  }
  return engineio::check_request(*query, facts);
}

// Two POSTs at once mean that two clients hold this sid: the session ends ("overlap from client"), and the second POST
// finds no session when it is whole. A repeat takes the place of the first, whose connection has died unnoticed.
PostAdmission EngineSessions::begin_post(const std::string& sid, const RequestId& id, engineio::Stamp stamp) {
  SessionEntry* entry = table_.find(sid);
  if (!entry || !entry->session.open()) return {};
  entry->touched();
  if (entry->post) {
    if (!entry->session.repeats(entry->post->stamp, stamp))
      return entry->session.close(CloseReason::transport_error, loop_.now()), PostAdmission{};
    drop_repeated(entry->post->id);
  }
  entry->post = std::make_unique<SessionEntry::Post>(
      SessionEntry::Post{.id = id, .stamp = stamp, .content_type = {}, .body = {}});
  table_.count_partial(*entry);
  const Options& options = shared_.options;
  const std::size_t most = options.session.max_payload_bytes;
  return {.max_body = entry->authenticated() ? most : std::min(options.preauth_message_bytes, most),
          .account = entry->account()};
}

void EngineSessions::take(EngineRequest request) {
  const RequestHead head = parse_head(request.head);
  const EngineQuery query = engineio::parse_query(head.query);
  if (const auto error = check(head, query)) {
    // Its head was let in on another shard, which does not know the session.
    if (SessionEntry* entry = query && query->sid ? table_.find(*query->sid) : nullptr) forget_post(*entry, request.id);
    return answer(request.id,
                  {.status = error->status, .content_type = "application/json", .body = engineio::error_body(*error)},
                  Account{});
  }
  SessionEntry& entry = *table_.find(*query->sid);
  entry.touched();
  if (head.method == "GET") return entry.session.on_get(request.id, query->stamp, loop_.now());
  if (head.method != "POST") return entry.session.on_bad_request(request.id, 400, loop_.now());
  const auto type = head.field("Content-Type").value_or(std::string_view{});
  if (!entry.post || entry.post->id != request.id) {
    // Its session has ended, or its repeat has taken its place.
    if (entry.session.open()) return entry.session.on_bad_request(request.id, 400, loop_.now());
    return entry.session.on_post(request.id, query->stamp, type, request.body, loop_.now());
  }
  entry.post->content_type = type;
  entry.post->body = std::move(request.body);
  entry.post->whole = true;
  table_.count_partial(entry);
  deliver_held(entry);
}

/// If that request is its POST, another one may come.
void EngineSessions::forget_post(SessionEntry& entry, const RequestId& id) {
  if (entry.post && entry.post->id == id) entry.post.reset();
  table_.count_partial(entry);
  entry.resume = true;
  entry.touched();
}

void EngineSessions::request_gone(const std::string& sid, const RequestId& id, Gone why) {
  SessionEntry* entry = table_.find(sid);
  if (!entry) return;
  forget_post(*entry, id);
  entry->session.on_request_gone(id, loop_.now());
  if (why == Gone::too_large && entry->session.open()) entry->session.close(CloseReason::transport_error, loop_.now());
  entry->touched();
}

// Refused only by a shard that has stopped, and then the connection has gone as well.
void EngineSessions::answer(const RequestId& request, engineio::Answer answer, const Account& account) {
  Response response{.status = answer.status,
                    .fields = {{"Content-Type", std::string(answer.content_type)}},
                    .body = std::move(answer.body)};
  if (answer.status == 200) response.fields.emplace_back("Cache-Control", "no-store");
  auto put = [request, account, response = std::move(response)](EngineEndpoint& endpoint) mutable {
    endpoint.answer(request, std::move(response), account);
  };
  run_at(shared_, shared_.endpoints, loop_, request.shard, std::move(put));
}

void EngineSessions::drop_repeated(const RequestId& request) {
  run_at(shared_, shared_.endpoints, loop_, request.shard,
         [request](EngineEndpoint& endpoint) { endpoint.drop_repeated(request); });
}

void EngineSessions::deliver_held(SessionEntry& entry) {
  entry.resume = false;
  if (entry.post && entry.post->whole && (entry.reading || !entry.session.open())) {
    const auto post = std::exchange(entry.post, nullptr);
    table_.count_partial(entry);
    entry.session.on_post(post->id, post->stamp, post->content_type, post->body, loop_.now());
    entry.touched();
  }
  websockets_.deliver_held(entry);
}

void EngineSessions::flush(SessionEntry& entry) {
  if (entry.resume || (entry.post && entry.post->whole && !entry.session.open())) deliver_held(entry);
  const bool writing = websockets_.flush(entry);
  if (const auto taken_out = entry.session.queue().take_conflated())
    shared_.conflated.fetch_add(taken_out, std::memory_order_relaxed);
  entry.session.shrink();
  if (entry.relay) entry.relay->on_session_flushed();
  if (!entry.session.open()) entry.handler.reset();  // it has had its on_closed()
  if (entry.listed) return;                          // again in the next round
  const bool leaves = entry.dropped && entry.session.transport() == engineio::Transport::polling;
  if ((entry.session.finished() || leaves) && !writing) return table_.erase(entry);
  table_.arm(entry);
}

}  // namespace signalbox::net
