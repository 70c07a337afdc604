#include "server/http_api.hpp"

#include <fmt/format.h>
#include <openssl/crypto.h>

#include <algorithm>

#include "auth/jwt.hpp"
#include "base/json_check.hpp"
#include "base/json_write.hpp"
#include "base/percent.hpp"
#include "base/text.hpp"
#include "hub/local_sockets.hpp"
#include "net/http_parser.hpp"
#include "server/emit_request.hpp"
#include "server/metrics_page.hpp"

namespace signalbox::server {
namespace {

constexpr std::size_t kMaxAnswer = std::size_t{1} << 30;  ///< whatever SEND_QUEUE_BYTES says
constexpr std::size_t kMaxIdempotencyKeyBytes = 256;

/// Does it ask for text/event-stream?
bool wants_events(const net::RequestHead& head) {
  std::string_view types = head.field("Accept").value_or("");
  while (!types.empty()) {
    const auto end = std::min(types.find(','), types.size());
    std::string_view type = types.substr(0, std::min(types.find(';'), end));
    while (type.starts_with(' ') || type.starts_with('\t')) type.remove_prefix(1);
    while (type.ends_with(' ') || type.ends_with('\t')) type.remove_suffix(1);
    if (equal_ignoring_case(type, "text/event-stream")) return true;
    types.remove_prefix(std::min(end + 1, types.size()));
  }
  return false;
}

net::Response try_again(int status, std::string_view sentence, std::optional<std::size_t> index = std::nullopt) {
  auto response = error_response(status, sentence, index);
  response.fields.emplace_back("Retry-After", "1");
  return response;
}

net::Response refused(const users::BatchError& error) {
  const bool ours = error.why == EmitError::not_durable || error.why == EmitError::stopped;
  return try_again(ours ? 503 : 429, to_text(error.why), error.at);
}

net::Response not_committed(users::Commit commit) {
  switch (commit) {
    case users::Commit::too_large:
      return error_response(413, "The store takes no outcome as large as one of these. It is not kept; the rest is.");
    case users::Commit::refused:
      return error_response(500, "The store cannot take one of these outcomes. It is not kept; the rest is.");
    case users::Commit::unknown:
      return try_again(503, "The disk does not answer: the outcomes may be kept all the same. Repeat the request.");
    case users::Commit::no_room:
      return try_again(429,
                       "A user has UNREAD_OUTCOMES_PER_USER unread outcomes on all nodes together: what goes beyond is "
                       "not kept; the rest is.");
    default:
      return refused({EmitError::not_durable});
  }
}

void append_queue(std::string& body, const queue::QueueStatus& row) {
  if (body.back() == '}') body += ',';
  body += R"({"name":)";
  append_json_string(body, row.name);
  body += R"(,"source":)";
  append_json_string(body, row.source);
  body += fmt::format(R"(,"events":{},"outcomes":{},"unattributed":{},"refused":{},"behind":{},"gaps":{},"reader":)",
                      row.events, row.outcomes, row.unattributed, row.refused, row.behind, row.gaps);
  row.reader.empty() ? append(body, "null") : append_json_string(body, row.reader);
  body += '}';
}

net::Response bad_user() {
  return error_response(400, to_text(EmitError::invalid_user));
}

}  // namespace

HttpApi::HttpApi(const Config& config, hub::Hub& hub, Answer answer, Follow follow)
    : hub_(hub),
      directory_(hub.directory),
      emitter_(hub.emitter),
      answer_(std::move(answer)),
      follow_(std::move(follow)),
      json_depth_(config.json_depth),
      max_body_(config.max_payload_bytes),
      max_answer_(std::min(config.send_queue_bytes, kMaxAnswer)),
      key_(config.api_key.empty() ? std::nullopt : std::optional(sha256(config.api_key))) {}

std::span<const HttpApi::Endpoint> HttpApi::endpoints() {
  static constexpr Endpoint kEndpoints[] = {
      {.method = "POST", .path = "/api/emit", .handler = &HttpApi::emit, .takes_events = true},
      {.method = "GET", .path = "/api/presence", .handler = &HttpApi::presence, .pages = &kUserPages},
      {.method = "GET", .path = "/api/presence/{userId}", .handler = &HttpApi::presence_of},
      {.method = "GET", .path = "/api/users/{userId}/jobs", .handler = &HttpApi::jobs, .pages = &kJobPages},
      {.method = "GET", .path = "/api/users/{userId}/jobs/{jobId}", .handler = &HttpApi::job},
      {.method = "GET", .path = "/api/nodes", .handler = &HttpApi::nodes},
      {.method = "GET", .path = "/api/queues", .handler = &HttpApi::queues},
      {.method = "GET", .path = "/metrics", .handler = &HttpApi::metrics},
      {.method = "GET", .path = "/healthz", .handler = &HttpApi::health, .needs_key = false},
      {.method = "GET", .path = "/readyz", .handler = &HttpApi::tell_readiness, .needs_key = false},
  };
  return kEndpoints;
}

std::vector<std::string> HttpApi::operations() {
  std::vector<std::string> out;
  for (const Endpoint& endpoint : endpoints()) out.push_back(fmt::format("{} {}", endpoint.method, endpoint.path));
  return out;
}

bool HttpApi::is_ours(std::string_view path) {
  const auto at = [path](const Endpoint& endpoint) { return endpoint.path == path; };
  return path == "/api" || path.starts_with("/api/") || std::ranges::any_of(endpoints(), at);
}

bool HttpApi::key_fits(const net::RequestHead& head) const {
  const auto given = head.field("Authorization");
  if (!given || head.count("Authorization") != 1) return false;
  const std::string_view key = auth::strip_bearer(*given);
  if (key.size() == given->size()) return false;  // of another scheme
  const Digest digest = sha256(key);
  return CRYPTO_memcmp(digest.data(), key_->data(), digest.size()) == 0;
}

std::optional<net::Response> HttpApi::check_key(const net::RequestHead& head) const {
  if (!key_) return error_response(403, "The HTTP interface is closed: no API_KEY is configured.");
  if (key_fits(head)) return std::nullopt;
  auto response = error_response(401, "Give the server's API_KEY: Authorization: Bearer <API_KEY>.");
  response.fields.emplace_back("WWW-Authenticate", "Bearer");
  return response;
}

// A client without the key is not told what there is.
std::optional<net::Response> HttpApi::on_head(const net::RequestHead& head, net::Admission& admission) const {
  admission.max_body = 0;
  const auto [endpoint, at_address, parts, allowed] = find_row(endpoints(), head);
  if (!at_address || at_address->needs_key) {
    if (auto refusal = check_key(head)) return refusal;
    admission.standing = net::Standing::api_key;
  }
  if (!endpoint) return !at_address ? nothing_here() : method_not_allowed(allowed);
  if (endpoint->takes_events) return check_events(head, admission.max_body);
  if (head.content_length > 0) return error_response(413, "This request takes no body.");
  if (!endpoint->pages) return std::nullopt;
  const auto page = page_of(head.query, *endpoint->pages);
  if (!page) return error_response(400, page.error());
  return std::nullopt;
}

std::optional<net::Response> HttpApi::check_events(const net::RequestHead& head, std::size_t& max_body) const {
  if (!sends_json(head)) return not_json();
  max_body = max_body_;
  if (head.content_length > max_body_)
    return error_response(413, fmt::format("The body is larger than {} bytes.", max_body_));
  const auto key = head.field("Idempotency-Key");
  if (key && (head.count("Idempotency-Key") != 1 || key->empty() || key->size() > kMaxIdempotencyKeyBytes)) {
    return error_response(400, "Idempotency-Key: give one of 1 to 256 bytes.");
  }
  return std::nullopt;
}

std::optional<net::Response> HttpApi::on_request(const net::RequestHead& head, std::string_view body,
                                                 const net::RequestId& id, TimePoint now) {
  const auto found = find_row(endpoints(), head);
  if (!found.row) return nothing_here();
  return (this->*found.row->handler)({.head = head, .body = body, .id = id, .now = now, .parts = found.parts});
}

std::optional<net::Response> HttpApi::health(const Call&) {
  return json_response(200, R"({"status":"ok"})");
}

HttpApi::Readiness HttpApi::readiness() const {
  if (!ready_) return {"stopping"};
  if (cluster_ && !cluster_->has_come()) return {"starting", "Redis has not answered yet"};
  switch (emitter_.store_state()) {
    case users::StoreState::failing:
      return {"refusing outcomes", "the disk cannot be written"};
    case users::StoreState::hanging:
      return {"refusing outcomes", "the disk does not answer"};
    default:
      return {};
  }
}

std::optional<net::Response> HttpApi::tell_readiness(const Call&) {
  const auto [status, reason] = readiness();
  if (status.empty()) return json_response(200, R"({"status":"ready"})");
  const std::string why = reason.empty() ? "" : fmt::format(R"(,"reason":"{}")", reason);
  return json_response(503, fmt::format(R"({{"status":"{}"{}}})", status, why));
}

std::optional<net::Response> HttpApi::metrics(const Call& call) {
  metrics_->answer(call.id, call.now);
  return std::nullopt;
}

std::optional<net::Response> HttpApi::emit(const Call& call) {
  const auto key = call.head.field("Idempotency-Key");
  if (!key) return emit_and_answer({}, call);
  auto begun = idempotency_.begin(*key, sha256(call.body), call.id, call.now);
  switch (begun.kind) {
    case Idempotency::Kind::first:
      return emit_and_answer(std::string(*key), call);
    case Idempotency::Kind::repeat:
      return json_response(202, std::move(begun.body));
    case Idempotency::Kind::conflict:
      return error_response(409, "This Idempotency-Key was used with another body.");
    case Idempotency::Kind::wait:
      break;
  }
  return std::nullopt;
}

// The 202 of an outcome waits until it is on the disk.
std::optional<net::Response> HttpApi::emit_and_answer(std::string key, const Call& call) {
  auto events = read_emit_request(call.body, json_depth_);
  if (!events) return finish(key, error_response(400, events.error().sentence, events.error().index), call.now);
  const auto is_outcome = [](const auto& emission) { return emission.event.kept_outcome(); };
  const users::CommitGroup group = std::ranges::any_of(*events, is_outcome) ? emitter_.new_group() : 0;
  const std::size_t count = events->size();
  const auto online = emitter_.emit_all(std::move(*events), users::Origin::http, group);
  if (!online) return finish(key, refused(online.error()), call.now);
  auto response = json_response(202, fmt::format(R"({{"accepted":{},"online":{}}})", count, *online));
  if (group == 0) return finish(key, std::move(response), call.now);
  emitter_.when_durable(group, [this, key = std::move(key), response = std::move(response), id = call.id,
                                now = call.now](users::Commit commit) mutable {
    const bool kept = commit == users::Commit::durable || commit == users::Commit::nowhere;
    answer_(id, finish(key, kept ? std::move(response) : not_committed(commit), now));
  });
  return std::nullopt;
}

net::Response HttpApi::finish(const std::string& key, net::Response response, TimePoint now) {
  if (key.empty()) return response;
  for (const net::RequestId& waiting : idempotency_.finish(key, response.status == 202, response.body, now))
    answer_(waiting, response);
  return response;
}

std::optional<net::Response> HttpApi::presence(const Call& call) {
  if (wants_events(call.head)) return follow_(call.id, call.now), std::nullopt;
  auto page = page_of(call.head.query, kUserPages);
  if (!page) return error_response(400, page.error());
  const auto answer = [this, id = call.id](const std::vector<std::string>& users) {
    std::string body;
    users::append_online(body, directory_.presence.online_count(), users);
    answer_(id, json_response(200, std::move(body)));
  };
  hub_.online.ask(call.id.shard, std::move(page->after), page->limit, answer);
  return std::nullopt;
}

// The same on every node, for Redis says it.
std::optional<net::Response> HttpApi::nodes(const Call& call) {
  if (!cluster_) return json_response(200, R"({"nodes":[]})");
  cluster_->nodes([this, id = call.id](const std::optional<std::vector<cluster::LivingNode>>& nodes) {
    if (!nodes) return answer_(id, error_response(503, "Redis does not answer: try again in a moment."));
    constexpr std::size_t kAboutDepth = 4;
    std::string body = "{\"nodes\":[";
    for (const cluster::LivingNode& node : *nodes) {
      if (body.back() == '}') body += ',';
      body += "{\"id\":";
      append_json_string(body, node.id);
      body += fmt::format(R"(,"leaseMs":{},"about":{}}})", node.lease.count(),
                          valid_json(node.about, kAboutDepth) ? node.about : "{}");
    }
    answer_(id, json_response(200, body + "]}"));
  });
  return std::nullopt;
}

std::optional<net::Response> HttpApi::queues(const Call& call) {
  if (!queues_) return json_response(200, R"({"queues":[]})");
  queues_->status([this, id = call.id](const Queues::Rows& rows) {
    std::string body = R"({"queues":[)";
    for (const queue::QueueStatus& row : rows) append_queue(body, row);
    answer_(id, json_response(200, body + "]}"));
  });
  return std::nullopt;
}

std::optional<net::Response> HttpApi::presence_of(const Call& call) {
  const auto user = user_in(call.parts[0]);
  if (!user) return bad_user();
  std::string body = "{\"userId\":";
  append_json_string(body, *user);
  body += fmt::format(R"(,"online":{},"connections":{}}})", directory_.presence.online(*user),
                      directory_.sockets.connections(*user));
  return json_response(200, std::move(body));
}

std::optional<net::Response> HttpApi::jobs(const Call& call) {
  const auto user = user_in(call.parts[0]);
  if (!user) return bad_user();
  const auto page = page_of(call.head.query, kJobPages);
  if (!page) return error_response(400, page.error());
  auto respond = [limit = page->limit](const users::JobPage& found) {
    std::string body;
    body.reserve(json_bytes_at_most(found));
    users::append_jobs(body, found);
    auto response = json_response(200, std::move(body));
    if (found.next != 0)
      response.fields.emplace_back("Link", fmt::format(R"(<?after={}&limit={}>; rel="next")", found.next, limit));
    return response;
  };
  ask(*user, {.after = page->after_number(), .limit = page->limit, .bytes = max_answer_}, call.id, std::move(respond));
  return std::nullopt;
}

std::optional<net::Response> HttpApi::job(const Call& call) {
  const auto user = user_in(call.parts[0]), job = decode_path(call.parts[1]);
  if (!user || !job) return bad_user();
  ask(*user, {.job_id = job}, call.id,
      [job = *job](const users::JobPage& found) { return json_response(200, job_json(found, job)); });
  return std::nullopt;
}

// In line with all questions on this shard, so that many large answers are not written in one turn.
void HttpApi::ask(std::string user, users::JobQuery query, const net::RequestId& id,
                  std::move_only_function<net::Response(const users::JobPage&)> respond) {
  auto read = [this, user = std::move(user), query = std::move(query), id,
               respond = std::move(respond)](hub::Questions::Answered answered) mutable {
    auto answer = [this, id, respond = std::move(respond),
                   answered = std::move(answered)](const users::JobPage& found) mutable {
      auto response = respond(found);
      const hub::Questions::Cost cost{.bytes = response.body.size(), .looked_at = found.looked_at};
      answer_(id, std::move(response));
      answered(cost);
    };
    directory_.reader.ask(user, std::move(query), id.shard, std::move(answer));
  };
  hub_.shards[id.shard]->questions().ask(
      {.user = {}, .link = nullptr, .bytes = max_answer_, .answer = std::move(read)});
}

}  // namespace signalbox::server
