#include "server/admin/admin_page.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/json_check.hpp"
#include "base/log.hpp"
#include "server/admin/admin_answers.hpp"
#include "server/admin/admin_checks.hpp"
#include "server/answers.hpp"

namespace signalbox::server::admin {
namespace {

constexpr std::size_t kLoginBytes = 4096;         ///< of the body of a login
constexpr std::size_t kSmallBytes = 256;          ///< of a body that says nothing: "{}"
constexpr std::size_t kEventBytes = 1024 * 1024;  ///< of a test event, or MAX_PAYLOAD_BYTES if that is less

bool below_data(std::string_view path) {
  return path == "/data" || path.starts_with("/data/");
}

/// The key of {"key":"…"}.
std::optional<std::string> key_in(std::string_view body) {
  constexpr std::size_t kDepth = 2;
  const auto checked = check_json(body, kDepth);
  const auto key = checked ? json_member(*checked, "key") : std::nullopt;
  return key ? json_string(*key) : std::nullopt;
}

std::string_view store_word(users::StoreState state) {
  switch (state) {
    case users::StoreState::full:
      return "full";
    case users::StoreState::failing:
      return "failing";
    case users::StoreState::hanging:
      return "hanging";
    default:
      return "ok";
  }
}

net::Response log_in_first() {
  return error_response(401, "Log in first: there is no session, or it has ended.");
}

net::Response too_many_wrong_keys(Milliseconds wait) {
  auto response =
      error_response(429, "Too many wrong keys from this address: none of its keys is looked at for a minute.");
  response.fields.emplace_back("Retry-After", std::to_string(std::chrono::ceil<std::chrono::seconds>(wait).count()));
  return response;
}

}  // namespace

AdminPage::AdminPage(const AdminParts& parts)
    : parts_(parts),
      loopback_(parts.config.admin_host.empty() || is_loopback(parts.config.admin_host)),
      files_(admin_page()),
      api_(
          parts.config, parts.hub,
          [this](const net::RequestId& id, net::Response response) { answer(id, std::move(response)); },
          [this](const net::RequestId& id, TimePoint) { answer(id, nothing_here()); }),
      sessions_(parts.config.admin_key),
      report_(parts.hub, parts.cluster,
              [this](const net::RequestId& id, net::Response response) { answer(id, std::move(response)); }),
      traces_(parts.hub, parts.network) {
  if (parts.cluster) api_.set_cluster(*parts.cluster);
  if (parts.queues) api_.set_queues(*parts.queues);
}

std::span<const AdminPage::Row> AdminPage::rows() {
  static constexpr Row kRows[] = {
      {.method = "GET", .path = "/", .handler = &AdminPage::file},
      {.method = "GET", .path = "/assets/{name}", .handler = &AdminPage::file},
      {.method = "POST", .path = "/login", .handler = &AdminPage::login, .max_body = kLoginBytes},
      {.method = "POST", .path = "/logout", .handler = &AdminPage::logout, .max_body = kSmallBytes},
      {.method = "GET", .path = "/data/overview", .handler = &AdminPage::overview},
      {.method = "GET", .path = "/data/history", .handler = &AdminPage::history},
      {.method = "GET", .path = "/data/refusals", .handler = &AdminPage::refusals},
      {.method = "GET", .path = "/data/queues", .handler = &AdminPage::queues},
      {.method = "GET", .path = "/data/nodes", .handler = &AdminPage::nodes},
      {.method = "GET", .path = "/data/users", .handler = &AdminPage::users},
      // Of one user, whom the query names: ?id=…
      {.method = "GET", .path = "/data/user", .handler = &AdminPage::user},
      {.method = "GET", .path = "/data/user/jobs", .handler = &AdminPage::user_jobs},
      {.method = "POST", .path = "/data/user/emit", .handler = &AdminPage::emit_to_user, .max_body = kEventBytes},
      {.method = "POST",
       .path = "/data/user/disconnect",
       .handler = &AdminPage::disconnect_user,
       .max_body = kSmallBytes},
      {.method = "GET", .path = "/data/user/trace", .handler = &AdminPage::trace_user},
  };
  return kRows;
}

// Whoever has not logged in is not told what there is.
std::optional<net::Response> AdminPage::check(const net::RequestHead& head, std::size_t& max_body) {
  max_body = 0;
  if (loopback_ && !host_is_loopback(head))
    return error_response(403, "This page is at localhost alone: ask for it by that name, or set ADMIN_HOST.");
  const bool changes = head.method != "GET" && head.method != "HEAD", data = below_data(head.path);
  if ((changes || data) && is_cross_site(head))
    return error_response(403, "This request comes from a page of another site.");
  if (data && session_of(head, parts_.hub.clocks.steady()).empty()) return log_in_first();
  const auto [row, at_address, parts, allowed] = find_row(rows(), head);
  if (!row) return !at_address ? nothing_here() : method_not_allowed(allowed);
  if (changes && !sends_json(head)) return not_json();
  const std::size_t most = std::min(row->max_body, parts_.config.max_payload_bytes);
  if (head.content_length > most) return error_response(413, fmt::format("The body is larger than {} bytes.", most));
  max_body = most;
  return std::nullopt;
}

std::optional<net::Response> AdminPage::on_head(const net::RequestHead& head, net::Admission& admission) {
  auto refusal = check(head, admission.max_body);
  if (refusal) return secured(*std::move(refusal));
  return std::nullopt;
}

std::optional<net::Response> AdminPage::on_request(const net::RequestHead& head, std::string_view body,
                                                   const net::RequestId& id, TimePoint now) {
  // The session may have ended while the body came.
  if (below_data(head.path) && session_of(head, now).empty()) return secured(log_in_first());
  const auto found = find_row(rows(), head);
  if (!found.row) return secured(nothing_here());
  auto response = (this->*found.row->handler)({.head = head, .body = body, .id = id, .now = now, .parts = found.parts});
  if (response) return secured(*std::move(response));
  return std::nullopt;
}

void AdminPage::answer(const net::RequestId& id, net::Response response) const {
  parts_.network.answer(id, secured(std::move(response)));
}

std::string_view AdminPage::session_of(const net::RequestHead& head, TimePoint now) {
  for (const std::string_view token : cookies(head, cookie_name(head)))
    if (sessions_.knows(token, now)) return token;
  return {};
}

std::optional<net::Response> AdminPage::as_api(std::string_view path, const Call& call) {
  net::RequestHead head = call.head;
  head.path = path;
  head.fields.clear();
  return api_.on_request(head, call.body, call.id, call.now);
}

const EmbeddedFile* AdminPage::file_at(std::string_view path) const {
  const auto found = std::ranges::find(files_, path, &EmbeddedFile::path);
  return found == files_.end() ? nullptr : &*found;
}

std::optional<net::Response> AdminPage::file(const Call& call) {
  if (files_.empty()) return error_response(404, "This program was built without the admin page.");
  const EmbeddedFile* const found = file_at(call.head.path);
  return found ? file_answer(*found) : nothing_here();
}

std::optional<net::Response> AdminPage::login(const Call& call) {
  const auto key = key_in(call.body);
  if (!key) return error_response(400, R"(Send {"key":"…"}, with the value of ADMIN_KEY.)");
  const std::string address(call.head.remote_address);
  const auto token = sessions_.login(*key, reactor::peer_address(address), call.now);
  if (!token) {
    refusals_.note("admin", "A login at this page: the key is wrong.", unix_ms(parts_.hub.clocks.wall()));
    wrong_keys_.write("a login at the admin page is refused: the key is wrong", {{"address", address}});
    return token.error().wait.count() == 0 ? error_response(401, "This is not the value of ADMIN_KEY.")
                                           : too_many_wrong_keys(token.error().wait);
  }
  log::info("somebody has logged in at the admin page", {{"address", address}});
  return net::Response{.status = 204, .fields = {{"Set-Cookie", set_cookie(call.head, *token)}}, .body = {}};
}

std::optional<net::Response> AdminPage::logout(const Call& call) {
  for (const std::string_view token : cookies(call.head, cookie_name(call.head))) {
    sessions_.logout(token);
    traces_.end_of(sha256(token));
  }
  return net::Response{.status = 204, .fields = {{"Set-Cookie", set_cookie(call.head, "")}}, .body = {}};
}

Look AdminPage::look(TimePoint now) {
  Look look{.at = now, .unix_ms = unix_ms(parts_.hub.clocks.wall()), .snapshot = parts_.snapshot()};
  refusals_.compare(look.snapshot, look.unix_ms);
  look.refusals = refusals_.total();
  return look;
}

TimePoint AdminPage::next_deadline() const {
  return std::min({next_look_, report_.next_deadline(), traces_.next_deadline()});
}

void AdminPage::on_timer(TimePoint now) {
  report_.on_timer(now);
  traces_.on_timer(now);
  if (now < next_look_) return;
  next_look_ = now + AdminHistory::kEvery;
  history_.add(look(now));
}

Health AdminPage::health(const Snapshot& now) const {
  const auto [status, reason] = parts_.api.readiness();
  return {.node = parts_.hub.node,
          .reason = reason.empty() ? status : reason,
          .store = parts_.config.data_dir.empty() ? "memory" : store_word(parts_.hub.emitter.store_state()),
          .redis = !parts_.cluster     ? "none"
                   : now.redis_up != 0 ? "up"
                                       : "down"};
}

std::optional<net::Response> AdminPage::overview(const Call& call) {
  const Look now = look(call.now);
  return json_response(200, overview_json(health(now.snapshot), now, history_));
}

std::optional<net::Response> AdminPage::history(const Call&) {
  return json_response(200, history_json(history_.points()));
}

std::optional<net::Response> AdminPage::refusals(const Call& call) {
  look(call.now);
  return json_response(200, refusals_json(refusals_.rows()));
}

std::optional<net::Response> AdminPage::queues(const Call& call) {
  return as_api("/api/queues", call);
}

std::optional<net::Response> AdminPage::nodes(const Call& call) {
  return as_api("/api/nodes", call);
}

std::optional<net::Response> AdminPage::users(const Call& call) {
  return as_api("/api/presence", call);
}

}  // namespace signalbox::server::admin
