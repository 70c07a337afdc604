#include "server/admin/admin_data.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <utility>

#include <signalbox/version.hpp>

#include "base/json_write.hpp"

namespace signalbox::server::admin {
namespace {

/// Appends `"name":`, and a comma before it if something stands there.
void append_name(std::string& out, std::string_view name) {
  if (!out.ends_with('{')) out += ',';
  fmt::format_to(std::back_inserter(out), "\"{}\":", name);
}

void append_member(std::string& out, std::string_view name, std::uint64_t value) {
  append_name(out, name);
  out += std::to_string(value);
}

/// To a millionth: nobody reads more.
void append_rounded(std::string& out, double value) {
  constexpr double kParts = 1e6;
  append_double(out, std::round(value * kParts) / kParts);
}

void append_member(std::string& out, std::string_view name, double value) {
  append_name(out, name);
  append_rounded(out, value);
}

/// Null for an empty text.
void append_member(std::string& out, std::string_view name, std::string_view value) {
  append_name(out, name);
  value.empty() ? append(out, "null") : append_json_string(out, value);
}

double or_null(std::optional<double> value) {
  return value.value_or(std::numeric_limits<double>::quiet_NaN());
}

std::uint64_t times_reached(const Snapshot& snapshot, std::string_view limit) {
  const auto found = std::ranges::find(snapshot.limits_reached, limit, &Labelled::label);
  return found == snapshot.limits_reached.end() ? 0 : found->value;
}

void append_numbers(std::string& out, const Snapshot& now) {
  const std::pair<std::string_view, std::uint64_t> numbers[] = {{"usersOnline", now.users_online},
                                                                {"connections", now.connections},
                                                                {"connectionsLimit", now.connections_limit},
                                                                {"sessions", now.sessions},
                                                                {"websockets", now.websockets},
                                                                {"unauthenticated", now.unauthenticated_sessions},
                                                                {"outcomesWaiting", now.store_queue_bytes},
                                                                {"outcomesUnheard", now.unread_outcomes},
                                                                {"slowNow", now.clients_behind},
                                                                {"slowClients", times_reached(now, "SEND_QUEUE_BYTES")},
                                                                {"memoryBytes", now.resident_memory_bytes},
                                                                {"ledgerBytes", now.ledger_bytes},
                                                                {"sendQueueBytes", now.send_queue_bytes}};
  append_name(out, "numbers");
  out += '{';
  for (const auto& [name, value] : numbers) append_member(out, name, value);
  out += '}';
}

void append_rates(std::string& out, const Rates& rates) {
  const std::pair<std::string_view, double> members[] = {
      {"logins", rates.logins},   {"loginsRefused", rates.logins_refused},
      {"events", rates.events},   {"outcomes", rates.outcomes},
      {"packets", rates.packets}, {"cpu", rates.cpu}};
  append_name(out, "rates");
  out += '{';
  for (const auto& [name, value] : members) append_member(out, name, value);
  out += '}';
}

void append_latencies(std::string& out, const Look& now, const AdminHistory& history) {
  const std::pair<std::string_view, Histogram::Values Snapshot::*> members[] = {{"delivery", &Snapshot::delivery},
                                                                                {"commit", &Snapshot::commit},
                                                                                {"receipt", &Snapshot::receipt},
                                                                                {"login", &Snapshot::login},
                                                                                {"turn", &Snapshot::turn}};
  append_name(out, "latencies");
  out += '{';
  for (const auto& [name, member] : members) {
    const Histogram::Values recent = history.recent(now, member);
    append_name(out, name);
    out += '{';
    append_member(out, "p50", or_null(quantile(recent, 0.5)));
    append_member(out, "p99", or_null(quantile(recent, 0.99)));
    out += '}';
  }
  out += '}';
}

template <class Value>
void append_series(std::string& out, std::string_view name, const std::deque<Point>& points, Value value) {
  append_name(out, name);
  out += '[';
  for (const Point& point : points) {
    if (!out.ends_with('[')) out += ',';
    append_rounded(out, static_cast<double>(value(point)));
  }
  out += ']';
}

}  // namespace

std::string overview_json(const Health& health, const Look& now, const AdminHistory& history) {
  constexpr std::uint64_t kMs = 1000;
  std::string out = "{";
  append_member(out, "version", kVersion);
  append_member(out, "node", health.node);
  append_member(out, "startedAt", now.snapshot.start_time_seconds * kMs);
  append_member(out, "now", static_cast<std::uint64_t>(now.unix_ms));
  append_name(out, "ready");
  out += health.reason.empty() ? "true" : "false";
  append_member(out, "reason", health.reason);
  append_member(out, "store", health.store);
  append_member(out, "redis", health.redis);
  append_numbers(out, now.snapshot);
  append_rates(out, history.rates(now));
  append_latencies(out, now, history);
  return out += '}';
}

std::string history_json(const std::deque<Point>& points) {
  std::string out = fmt::format(R"({{"every":{},"series":{{)", AdminHistory::kEvery.count());
  const auto add = [&](std::string_view name, auto value) { append_series(out, name, points, value); };
  add("time", [](const Point& point) { return point.unix_ms; });
  add("usersOnline", [](const Point& point) { return point.users_online; });
  add("connections", [](const Point& point) { return point.connections; });
  add("logins", [](const Point& point) { return point.rates.logins; });
  add("events", [](const Point& point) { return point.rates.events; });
  add("outcomes", [](const Point& point) { return point.rates.outcomes; });
  add("refusals", [](const Point& point) { return point.rates.refusals; });
  add("memoryBytes", [](const Point& point) { return point.memory_bytes; });
  add("cpu", [](const Point& point) { return point.rates.cpu; });
  add("deliveryP99", [](const Point& point) { return or_null(point.delivery_p99); });
  add("unheard", [](const Point& point) { return point.unheard; });
  return out += "}}";
}

std::string refusals_json(std::span<const RecentRefusals::Row> rows) {
  std::string out = R"({"refusals":[)";
  for (const RecentRefusals::Row& row : rows) {
    out += out.ends_with('[') ? "{" : ",{";
    append_member(out, "at", static_cast<std::uint64_t>(row.at));
    append_member(out, "what", row.what);
    append_member(out, "reason", std::string_view(row.reason));
    append_member(out, "count", row.count);
    out += '}';
  }
  return out += "]}";
}

}  // namespace signalbox::server::admin
