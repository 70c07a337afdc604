#include "server/http_api.hpp"

#include <fmt/format.h>
#include <openssl/crypto.h>

#include <algorithm>
#include <charconv>

#include "auth/jwt.hpp"
#include "base/json_check.hpp"
#include "base/json_scan.hpp"
#include "base/json_write.hpp"
#include "base/log.hpp"
#include "base/percent.hpp"
#include "net/http_parser.hpp"
#include "server/json_place.hpp"

namespace signalbox::server {
namespace {

log::RareWarning mailbox_full;
constexpr std::string_view kPresence = "/api/presence";
constexpr std::size_t kMaxEvents = 1000;
constexpr std::size_t kDefaultPage = 1000;
constexpr std::size_t kMaxAnswer = std::size_t{1} << 30;  ///< whatever SEND_QUEUE_BYTES says
constexpr std::size_t kMaxIdempotencyKeyBytes = 256;

enum class Endpoint { none, emit, presence, presence_of, jobs, job, health, readiness };

/// The two names in /api/users/{user}/jobs and /api/users/{user}/jobs/{job}, still encoded; the second is empty for all
/// jobs.
std::optional<std::pair<std::string_view, std::string_view>> user_and_job(std::string_view path) {
  constexpr std::string_view kUsers = "/api/users/", kJobs = "/jobs";
  if (!path.starts_with(kUsers)) return std::nullopt;
  path.remove_prefix(kUsers.size());
  const std::size_t end = path.find('/');
  if (end == 0 || end == path.npos || !path.substr(end).starts_with(kJobs)) return std::nullopt;
  std::string_view job = path.substr(end + kJobs.size());
  if (job.empty()) return std::pair{path.substr(0, end), job};
  if (job.size() < 2 || job.front() != '/' || job.find('/', 1) != job.npos) return std::nullopt;
  return std::pair{path.substr(0, end), job.substr(1)};
}

Endpoint endpoint_of(std::string_view path) {
  if (path == "/healthz") return Endpoint::health;
  if (path == "/readyz") return Endpoint::readiness;
  if (path == "/api/emit") return Endpoint::emit;
  if (path == kPresence) return Endpoint::presence;
  const bool below = path.starts_with(kPresence) && path.size() > kPresence.size() + 1 && path[kPresence.size()] == '/';
  if (const auto names = user_and_job(path)) return names->second.empty() ? Endpoint::jobs : Endpoint::job;
  // A user's id may hold a slash, but then an encoded one.
  if (below && path.find('/', kPresence.size() + 1) == std::string_view::npos) return Endpoint::presence_of;
  return Endpoint::none;
}

/// "application/json", with or without parameters.
bool is_json(std::string_view content_type) {
  auto type = content_type.substr(0, content_type.find(';'));
  while (type.ends_with(' ') || type.ends_with('\t')) type.remove_suffix(1);
  return net::equal_ignoring_case(type, "application/json");
}

/// In a path, unlike in a query, a plus is a plus.
std::optional<std::string> decode_path(std::string_view text) {
  std::string kept;
  for (const char c : text) c == '+' ? kept += "%2B" : kept += c;
  return percent_decode(kept);
}

template <class Number>
std::optional<Number> number_of(std::string_view digits) {
  Number number = 0;
  const auto [last, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc{} || last != digits.data() + digits.size()) return std::nullopt;
  return number;
}

struct Page {
  std::size_t limit = kDefaultPage;
  std::string after;
};

/// What the pages of a list are of, and what is said to who asks for others.
struct Pages {
  std::size_t most;
  bool (*fits)(std::string_view after);
  std::string_view wrong_limit, wrong_after;
};
constexpr Pages kUsers = {10'000, [](std::string_view after) { return hub::valid_user_id(after); },
                          "limit: give one whole number from 1 to 10000.", "after: give one user id."};
constexpr Pages kJobs = {
    hub::JobQuery::kMost, [](std::string_view after) { return number_of<std::uint64_t>(after).has_value(); },
    "limit: give one whole number from 1 to 1000.", "after: give one number, that of the Link in an answer."};

std::expected<Page, std::string_view> page_of(std::string_view query, const Pages& pages) {
  Page page;
  bool seen_limit = false, seen_after = false;
  while (!query.empty()) {
    const auto end = query.find('&');
    const auto pair = query.substr(0, end);
    query = end == std::string_view::npos ? std::string_view{} : query.substr(end + 1);
    const auto equals = pair.find('=');
    const auto name = percent_decode(pair.substr(0, equals));
    auto value = percent_decode(equals == std::string_view::npos ? std::string_view{} : pair.substr(equals + 1));
    if (!name || !value) return std::unexpected("The query is not properly percent-encoded.");
    if (*name == "limit") {
      const auto limit = number_of<std::size_t>(*value);
      if (seen_limit || !limit || *limit < 1 || *limit > pages.most) return std::unexpected(pages.wrong_limit);
      seen_limit = true;
      page.limit = *limit;
    } else if (*name == "after") {
      if (seen_after || (!value->empty() && !pages.fits(*value))) return std::unexpected(pages.wrong_after);
      seen_after = true;
      page.after = std::move(*value);
    }
  }
  return page;
}

net::Response try_again(int status, std::string_view sentence) {
  auto response = error_response(status, sentence);
  response.fields.emplace_back("Retry-After", "1");
  return response;
}

net::Response refused(hub::Directory::Refusal refusal) {
  return try_again(refusal == hub::Directory::Refusal::not_durable ? 503 : 429, to_text(hub::to_emit_error(refusal)));
}

net::Response not_committed(hub::Commit commit) {
  switch (commit) {
    case hub::Commit::too_large:
      return error_response(413, "The store takes no outcome as large as one of these. It is not kept; the rest is.");
    case hub::Commit::refused:
      return error_response(500, "The store cannot take one of these outcomes. It is not kept; the rest is.");
    case hub::Commit::unknown:
      return try_again(503, "The disk does not answer: the outcomes may be kept all the same. Repeat the request.");
    default:
      return refused(hub::Directory::Refusal::not_durable);
  }
}

}  // namespace

net::Response json_response(int status, std::string body) {
  return {.status = status,
          .fields = {{"Content-Type", "application/json"},
                     {"Cache-Control", "no-store"},
                     {"X-Content-Type-Options", "nosniff"}},
          .body = std::move(body)};
}

net::Response error_response(int status, std::string_view sentence) {
  std::string body = "{\"error\":";
  append_json_string(body, sentence);
  body += '}';
  return json_response(status, std::move(body));
}

net::Response method_not_allowed(std::string_view allow) {
  auto response = error_response(405, fmt::format("This address takes {} only.", allow));
  response.fields.emplace_back("Allow", allow);
  return response;
}

HttpApi::HttpApi(const Config& config, hub::Directory& directory, Answer answer)
    : directory_(directory),
      online_(directory),
      answer_(std::move(answer)),
      limits_{.data_bytes = config.max_payload_bytes, .json_depth = config.json_depth},
      max_body_(config.max_payload_bytes),
      max_answer_(std::min(config.send_queue_bytes, kMaxAnswer)),
      key_(config.api_key.empty() ? std::nullopt : std::optional(sha256(config.api_key))) {}

bool HttpApi::is_ours(std::string_view path) {
  return path == "/healthz" || path == "/readyz" || path == "/api" || path.starts_with("/api/");
}

bool HttpApi::key_fits(const net::RequestHead& head) const {
  const auto given = head.field("Authorization");
  if (!given || head.count("Authorization") != 1) return false;
  const std::string_view key = auth::strip_bearer(*given);
  if (key.size() == given->size()) return false;  // of another scheme
  const Digest digest = sha256(key);
  return CRYPTO_memcmp(digest.data(), key_->data(), digest.size()) == 0;
}

std::optional<net::Response> HttpApi::on_head(const net::RequestHead& head, net::Admission& admission) const {
  admission.max_body = 0;
  const Endpoint endpoint = endpoint_of(head.path);
  if (endpoint != Endpoint::health && endpoint != Endpoint::readiness) {
    if (!key_) return error_response(403, "The HTTP interface is closed: no API_KEY is configured.");
    if (!key_fits(head)) {
      auto response = error_response(401, "Give the server's API_KEY: Authorization: Bearer <API_KEY>.");
      response.fields.emplace_back("WWW-Authenticate", "Bearer");
      return response;
    }
    admission.standing = net::Standing::api_key;
  }
  if (endpoint == Endpoint::none) return error_response(404, "There is nothing at this address.");
  if (endpoint == Endpoint::emit) {
    if (head.method != "POST") return method_not_allowed("POST");
    return check_emit_head(head, admission.max_body);
  }
  if (head.method != "GET" && head.method != "HEAD") return method_not_allowed("GET, HEAD");
  if (head.content_length > admission.max_body) return error_response(413, "This request takes no body.");
  if (endpoint == Endpoint::presence || endpoint == Endpoint::jobs) {
    const auto page = page_of(head.query, endpoint == Endpoint::jobs ? kJobs : kUsers);
    if (!page) return error_response(400, page.error());
  }
  return std::nullopt;
}

std::optional<net::Response> HttpApi::check_emit_head(const net::RequestHead& head, std::size_t& max_body) const {
  if (head.count("Content-Type") != 1 || !is_json(*head.field("Content-Type"))) {
    return error_response(415, "Send JSON: Content-Type: application/json.");
  }
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
  switch (endpoint_of(head.path)) {
    case Endpoint::health:
      return json_response(200, R"({"status":"ok"})");
    case Endpoint::readiness:
      return readiness();
    case Endpoint::presence:
      return presence(head.query, id);
    case Endpoint::jobs:
      return jobs_of(head, id);
    case Endpoint::job:
      return job_of(head.path, id);
    case Endpoint::presence_of:
      return presence_of(head.path.substr(kPresence.size() + 1));
    case Endpoint::none:
      return error_response(404, "There is nothing at this address.");
    case Endpoint::emit:
      break;
  }
  const auto key = head.field("Idempotency-Key");
  if (!key) return emit_and_answer({}, body, id, now);
  auto begun = idempotency_.begin(*key, sha256(body), id, now);
  switch (begun.kind) {
    case Idempotency::Kind::first:
      return emit_and_answer(std::string(*key), body, id, now);
    case Idempotency::Kind::repeat:
      return json_response(202, std::move(begun.body));
    case Idempotency::Kind::conflict:
      return error_response(409, "This Idempotency-Key was used with another body.");
    case Idempotency::Kind::wait:
      break;
  }
  return std::nullopt;
}

net::Response HttpApi::readiness() const {
  if (!ready_) return json_response(503, R"({"status":"stopping"})");
  switch (store_ ? store_->state() : hub::StoreState::ready) {
    case hub::StoreState::failing:
      return json_response(503, R"({"status":"refusing outcomes","reason":"the disk cannot be written"})");
    case hub::StoreState::hanging:
      return json_response(503, R"({"status":"refusing outcomes","reason":"the disk does not answer"})");
    default:
      return json_response(200, R"({"status":"ready"})");
  }
}

std::optional<net::Response> HttpApi::emit_and_answer(std::string key, std::string_view body, const net::RequestId& id,
                                                      TimePoint now) {
  const hub::CommitGroup group = store_ ? store_->new_group() : 0;
  Emitted emitted = emit(body, group);
  if (!emitted.outcome || !store_) return finish(key, std::move(emitted.response), now);
  store_->when_committed(
      group, [this, key = std::move(key), response = std::move(emitted.response), id, now](hub::Commit commit) mutable {
        answer_(id, finish(key, commit == hub::Commit::durable ? std::move(response) : not_committed(commit), now));
      });
  return std::nullopt;
}

net::Response HttpApi::finish(const std::string& key, net::Response response, TimePoint now) {
  if (key.empty()) return response;
  for (const net::RequestId& waiting : idempotency_.finish(key, response.status == 202, response.body, now))
    answer_(waiting, response);
  return response;
}

HttpApi::Emitted HttpApi::emit(std::string_view body, hub::CommitGroup group) const {
  auto events = read_events(body);
  if (!events) return {error_response(400, events.error())};
  std::vector<hub::Directory::Emission> emissions;
  emissions.reserve(events->size());
  bool outcome = false;
  for (Event& event : *events) {
    outcome = outcome || event.event.kept_outcome();
    emissions.push_back({event.user, std::move(event.event)});
  }
  const auto online = directory_.emit_all(std::move(emissions), group);
  if (!online) {
    if (online.error() == hub::Directory::Refusal::overloaded)
      mailbox_full.write("MAILBOX_MESSAGES is reached: emits are refused with 429");
    return {refused(online.error())};
  }
  return {json_response(202, fmt::format(R"({{"accepted":{},"online":{}}})", events->size(), *online)), outcome};
}

HttpApi::Events HttpApi::read_events(std::string_view body) const {
  // `data` lies one level down in an event, and an event one level down in an array of them.
  const auto first = body.find_first_not_of(" \t\r\n");
  const bool array = first != std::string_view::npos && body[first] == '[';
  const std::size_t envelope = array ? 2 : 1;
  if (!valid_json(body, limits_.json_depth + envelope)) {
    return std::unexpected(
        fmt::format("The body is not JSON that a browser can read: {}.", what_is_wrong(body, limits_.json_depth)));
  }
  std::vector<Event> events;
  if (!array) {
    auto event = read_event(body);
    if (!event) return std::unexpected(std::move(event.error()));
    events.push_back(std::move(*event));
    return events;
  }
  JsonItems items(body);
  while (const auto item = items.next()) {
    if (events.size() == kMaxEvents)
      return std::unexpected(fmt::format("The array holds more than {} events.", kMaxEvents));
    auto event = read_event(*item);
    if (!event) return std::unexpected(fmt::format("[{}] {}", events.size(), event.error()));
    events.push_back(std::move(*event));
  }
  return events;
}

std::expected<HttpApi::Event, std::string> HttpApi::read_event(std::string_view object) const {
  JsonItems members(object);
  if (!members.is_object()) return std::unexpected(R"(An event is an object: {"userId", "event", "data"}.)");
  std::optional<std::string_view> user_text, name_text, data;
  while (const auto value = members.next()) {
    auto* member = members.named("userId")  ? &user_text
                   : members.named("event") ? &name_text
                   : members.named("data")  ? &data
                                            : nullptr;
    if (!member) continue;
    if (*member) return std::unexpected(fmt::format("{}: stands there twice.", members.key()));
    *member = *value;
  }
  if (!user_text) return std::unexpected("userId: is missing.");
  auto user = json_string(*user_text);
  if (!user && json_is_integer(*user_text)) user = *user_text;  // its digits as they stand
  if (!user || !hub::valid_user_id(*user)) {
    return std::unexpected("userId: give text of 1 to 256 bytes without control characters, or an integer.");
  }
  if (!name_text) return std::unexpected("event: is missing.");
  const auto name = json_string(*name_text);
  if (!name) return std::unexpected("event: give text.");
  if (const auto ok = hub::check_event_name(*name); !ok)
    return std::unexpected(fmt::format("event: {}", to_text(ok.error())));
  auto encoded = hub::checked_event_frame(*name, data.value_or("null"));
  if (!encoded) return std::unexpected(fmt::format("data.jobId: {}", to_text(encoded.error())));
  return Event{.user = std::move(*user), .event = std::move(*encoded)};
}

std::optional<net::Response> HttpApi::presence(std::string_view query, const net::RequestId& id) {
  auto page = page_of(query, kUsers);
  if (!page) return error_response(400, page.error());
  online_.ask(id.shard, std::move(page->after), page->limit, [this, id](const std::vector<std::string>& users) {
    std::string body = fmt::format(R"({{"count":{},"users":[)", directory_.online_count());
    for (const std::string& user : users) {
      if (&user != users.data()) body += ',';
      append_json_string(body, user);
    }
    body += "]}";
    answer_(id, json_response(200, std::move(body)));
  });
  return std::nullopt;
}

net::Response HttpApi::presence_of(std::string_view encoded_user) const {
  const auto user = decode_path(encoded_user);
  if (!user || !hub::valid_user_id(*user)) return error_response(400, to_text(EmitError::invalid_user));
  std::string body = "{\"userId\":";
  append_json_string(body, *user);
  body += fmt::format(R"(,"online":{},"connections":{}}})", directory_.online(*user), directory_.connections(*user));
  return json_response(200, std::move(body));
}

std::optional<net::Response> HttpApi::jobs_of(const net::RequestHead& head, const net::RequestId& id) const {
  const auto user = decode_path(user_and_job(head.path)->first);
  const auto page = page_of(head.query, kJobs);
  if (!user || !hub::valid_user_id(*user)) return error_response(400, to_text(EmitError::invalid_user));
  if (!page) return error_response(400, page.error());
  const std::uint64_t after = number_of<std::uint64_t>(page->after).value_or(0);
  const auto answer = [this, limit = page->limit, id](const hub::JobPage& found) {
    std::string body;
    body.reserve(json_bytes_at_most(found));
    hub::append_jobs(body, found);
    auto response = json_response(200, std::move(body));
    if (found.next != 0)
      response.fields.emplace_back("Link", fmt::format(R"(<?after={}&limit={}>; rel="next")", found.next, limit));
    answer_(id, std::move(response));
  };
  directory_.ask(*user, {.after = after, .limit = page->limit, .bytes = max_answer_}, id.shard, answer);
  return std::nullopt;
}

std::optional<net::Response> HttpApi::job_of(std::string_view path, const net::RequestId& id) const {
  const auto [encoded_user, encoded_job] = *user_and_job(path);
  const auto user = decode_path(encoded_user), job = decode_path(encoded_job);
  if (!user || !job || !hub::valid_user_id(*user)) return error_response(400, to_text(EmitError::invalid_user));
  directory_.ask(*user, {.job_id = *job}, id.shard, [this, job = *job, id](const hub::JobPage& found) {
    answer_(id, json_response(200, job_json(found, job)));
  });
  return std::nullopt;
}

}  // namespace signalbox::server
