#include "net/http_parser.hpp"
#include "net/shard.hpp"

// Requests that have no connection here: each runs whole on the shard of its session, or on any.
namespace signalbox::net {

void Shard::request(AskedRequest asked) {
  const RequestId id = asked.id;
  askers_.add(id, std::move(asked.reply), std::move(asked.place));
  HeadParser parser(options_.max_head_bytes, options_.max_fields);
  parser.feed(asked.head);
  if (!parser.done()) return answer(id, application_->refusal(parser.failed() ? parser.status() : 400));

  const std::string address = to_text(asked.peer);
  RequestHead head = parser.head();
  head.remote_address = address;
  head.content_length = asked.body.size();
  if (head.path == options_.path) return on_engine_asked(head, asked);
  Admission admission{.max_body = options_.session.max_payload_bytes};
  auto refusal = application_->on_head(head, admission);
  if (!refusal && asked.body.size() > admission.max_body) refusal = application_->refusal(413);
  refusal ? answer(id, std::move(*refusal)) : application_->on_request(head, asked.body, id, now());
}

void Shard::on_engine_asked(const RequestHead& head, AskedRequest& asked) {
  const RequestId id = asked.id;
  askers_.set_fields(id, cors_of(head));
  if (head.method == "OPTIONS") return answer(id, {.status = 204, .fields = {}, .body = {}});
  if (upgrade_requested(head)) {
    return answer(id, {.status = 400,
                       .fields = {{"Content-Type", "text/plain; charset=utf-8"}},
                       .body = "A WebSocket needs a connection: hand it over."});
  }
  const EngineQuery query = engineio::parse_query(head.query);
  if (const auto error = check(head, query)) return answer(id, response_of(*error));
  if (!query->sid) return open_asked(head, asked, query->stamp);
  if (head.method == "POST" && !admit_post(*query->sid, id, query->stamp, asked.body.size())) {
    return answer(id, application_->refusal(413));
  }
  on_engine_request({.id = id, .head = std::move(asked.head), .body = std::move(asked.body)});
}

void Shard::open_asked(const RequestHead& head, const AskedRequest& asked, engineio::Stamp stamp) {
  const auto later = [](const char* seconds) {
    return Response{.status = 503, .fields = {{"Retry-After", seconds}}, .body = {}};
  };
  if (closing()) return answer(asked.id, later("2"));
  SessionEntry* entry = open_session(engineio::Transport::polling, asked.peer, head);
  if (!entry) return answer(asked.id, later("5"));
  entry->session.on_get(asked.id, stamp, now());
  entry->touched();
}

// A session whose client sends more than it may has to go, as where a connection brings it.
bool Shard::admit_post(const std::string& sid, const RequestId& id, engineio::Stamp stamp, std::size_t bytes) {
  const SessionEntry* entry = begin_post(sid, id, stamp);
  if (!entry || bytes <= most_of_post(*entry)) return true;
  request_gone(sid, id, Gone::too_large);
  return false;
}

void Shard::asker_gone(const RequestId& id, const std::string& sid) {
  askers_.forget(id);
  if (!sid.empty()) request_gone(sid, id, Gone::connection);
}

}  // namespace signalbox::net
