#include "net/asked_requests.hpp"

#include <utility>

#include "net/engine_endpoint.hpp"
#include "net/http_parser.hpp"

namespace signalbox::net {

void AskedRequests::take(AskedRequest asked) {
  const RequestId id = asked.id;
  askers_.add(id, std::move(asked.reply), std::move(asked.place));
  HeadParser parser(options_.max_head_bytes, options_.max_fields);
  parser.feed(asked.head);
  if (!parser.done())
    return askers_.answer(id, application_->refusal(parser.failed() ? parser.status() : 400, Door::service));

  const std::string address = reactor::to_text(asked.peer);
  RequestHead head = parser.head();
  head.remote_address = address;
  head.content_length = asked.body.size();
  if (head.path == options_.path) return on_engine_path(head, asked);
  Admission admission{.max_body = options_.session.max_payload_bytes};
  auto refusal = application_->on_head(head, admission);
  if (!refusal && asked.body.size() > admission.max_body) refusal = application_->refusal(413, Door::service);
  refusal ? askers_.answer(id, std::move(*refusal)) : application_->on_request(head, asked.body, id, loop_.now());
}

void AskedRequests::on_engine_path(const RequestHead& head, AskedRequest& asked) {
  const RequestId id = asked.id;
  askers_.set_fields(id, cors_of(*application_, head));
  if (head.method == "OPTIONS") return askers_.answer(id, {.status = 204, .fields = {}, .body = {}});
  if (upgrade_requested(head)) {
    return askers_.answer(id, {.status = 400,
                               .fields = {{"Content-Type", "text/plain; charset=utf-8"}},
                               .body = "A WebSocket needs a connection: hand it over."});
  }
  const EngineQuery query = engineio::parse_query(head.query);
  if (options_.other_nodes && query && query->sid) {
    if (const auto tag = other_node_of(options_, *query->sid); !tag.empty()) {
      askers_.set_fields(id, {});  // that node's answer has them
      return carried_.carry(std::string(tag), head, asked);
    }
  }
  if (const auto error = sessions_.check(head, query)) return askers_.answer(id, response_of(*error));
  if (!query->sid) return open(head, asked, query->stamp);
  if (head.method == "POST" && !admit_post(*query->sid, id, query->stamp, asked.body.size())) {
    return askers_.answer(id, application_->refusal(413, Door::service));
  }
  sessions_.take({.id = id, .head = std::move(asked.head), .body = std::move(asked.body)});
}

void AskedRequests::open(const RequestHead& head, const AskedRequest& asked, engineio::Stamp stamp) {
  const auto later = [](const char* seconds) {
    return Response{.status = 503, .fields = {{"Retry-After", seconds}}, .body = {}};
  };
  if (!sessions_.opens()) return askers_.answer(asked.id, later("2"));
  SessionEntry* entry = sessions_.open(engineio::Transport::polling, asked.peer, head);
  if (!entry) return askers_.answer(asked.id, later("5"));
  entry->session.on_get(asked.id, stamp, loop_.now());
  entry->touched();
}

// A session whose client sends more than it may is closed, as if a connection had brought it.
bool AskedRequests::admit_post(const std::string& sid, const RequestId& id, engineio::Stamp stamp, std::size_t bytes) {
  const PostAdmission admission = sessions_.begin_post(sid, id, stamp);
  if (admission.max_body == 0 || bytes <= admission.max_body) return true;
  sessions_.request_gone(sid, id, Gone::too_large);
  return false;
}

void AskedRequests::forget(const RequestId& id, const std::string& sid) {
  askers_.forget(id);
  carried_.forget(id);
  if (!sid.empty()) sessions_.request_gone(sid, id, Gone::connection);
}

}  // namespace signalbox::net
