#include "hub/handshake.hpp"

#include <fmt/chrono.h>

#include <algorithm>
#include <ctime>

#include "base/query_string.hpp"
#include "base/text.hpp"

namespace signalbox {
namespace hub {
namespace {

std::string_view take_line(std::string_view& text) {
  const std::size_t end = std::min(text.find('\n'), text.size());
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return line;
}

std::string_view target_of(std::string_view head) {
  return take_line(head);
}

/// Calls `take(name, value)` for each field, names in lower case.
template <class Take>
void each_field(std::string_view head, Take take) {
  take_line(head);
  while (!head.empty()) {
    const std::string_view line = take_line(head);
    const std::size_t colon = line.find(':');
    if (colon != line.npos) take(lower(line.substr(0, colon)), line.substr(colon + 1));
  }
}

template <class Take>
void each_parameter(std::string_view target, Take take) {
  const std::size_t mark = target.find('?');
  QueryString query(mark == target.npos ? std::string_view{} : target.substr(mark + 1));
  while (!query.over()) {
    if (auto one = query.take(); one && !one->name.empty()) take(std::move(one->name), std::move(one->value));
  }
}

/// As Node has it: a repeated field's values stand in one text.
json headers_of(std::string_view head) {
  json headers = json::object();
  each_field(head, [&](const std::string& name, std::string_view value) {
    auto found = headers.find(name);
    if (found == headers.end()) {
      headers[name] = value;
    } else {
      found->get_ref<std::string&>().append(", ").append(value);
    }
  });
  return headers;
}

/// "Mon Nov 23 2026 12:00:00 GMT+0000 (Coordinated Universal Time)", as a Date prints itself in JavaScript.
std::string date_text(std::int64_t unix_ms) {
  return fmt::format("{:%a %b %d %Y %H:%M:%S} GMT+0000 (Coordinated Universal Time)",
                     fmt::gmtime(static_cast<std::time_t>(unix_ms / 1000)));
}

/// The first proxy of several says what the browser used.
bool came_by_https(std::string_view forwarded_proto) {
  const std::string scheme = lower(trim(forwarded_proto.substr(0, forwarded_proto.find(','))));
  return scheme == "https" || scheme == "wss";
}

}  // namespace

Handshake read_handshake(const HandshakeRequest& request, std::string_view auth) {
  Handshake out;
  const std::string head = request.head();
  out.headers = headers_of(head);
  out.url = target_of(head);
  out.query = json::object();
  each_parameter(out.url, [&](std::string name, std::string value) { out.query[std::move(name)] = std::move(value); });
  out.auth = json::parse(auth.empty() ? "{}" : auth);
  out.time = date_text(request.issued_ms());
  out.address = request.remote_address();
  out.secure = came_by_https(header_of(request, "x-forwarded-proto"));
  out.xdomain = out.headers.contains("origin");
  out.issued = request.issued_ms();
  return out;
}

std::string header_of(const HandshakeRequest& request, std::string_view name) {
  const std::string wanted = lower(name);
  std::string out;
  each_field(request.head(), [&](const std::string& field, std::string_view value) {
    if (out.empty() && field == wanted) out = value;
  });
  return out;
}

std::string query_of(const HandshakeRequest& request, std::string_view name) {
  const std::string head = request.head();
  std::string out;
  each_parameter(target_of(head), [&](const std::string& parameter, std::string value) {
    if (parameter == name) out = std::move(value);
  });
  return out;
}

}  // namespace hub

json Handshake::to_json() const {
  return {{"headers", headers}, {"time", time}, {"address", address}, {"xdomain", xdomain}, {"secure", secure},
          {"issued", issued},   {"url", url},   {"query", query},     {"auth", auth}};
}

}  // namespace signalbox
