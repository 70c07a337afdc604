#include "http_client.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <optional>

namespace app {
namespace {

constexpr std::size_t kMaxAnswerBytes = 64u << 20;

template <class Number>
std::optional<Number> number(std::string_view text, int base = 10) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  return error == std::errc{} && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

bool same_name(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

std::string_view trim(std::string_view text) {
  while (text.starts_with(' ') || text.starts_with('\t')) text.remove_prefix(1);
  while (text.ends_with(' ') || text.ends_with('\t')) text.remove_suffix(1);
  return text;
}

HttpFields parse_fields(std::string_view lines) {
  HttpFields out;
  while (!lines.empty()) {
    const std::size_t end = std::min(lines.find("\r\n"), lines.size());
    const std::string_view line = lines.substr(0, end);
    lines.remove_prefix(std::min(end + 2, lines.size()));
    const std::size_t colon = line.find(':');
    if (colon != std::string_view::npos) out.emplace_back(line.substr(0, colon), trim(line.substr(colon + 1)));
  }
  return out;
}

/// The body of whole chunks; nothing while the last one is missing.
std::optional<std::string> join_chunks(std::string_view text) {
  std::string out;
  while (true) {
    const std::size_t line = text.find("\r\n");
    if (line == std::string_view::npos) return std::nullopt;
    const auto size = number<std::size_t>(trim(text.substr(0, std::min(line, text.find(';')))), 16);
    if (!size || *size > kMaxAnswerBytes) throw HttpError("the answer's chunks cannot be read");
    text.remove_prefix(line + 2);
    if (*size == 0) return out;
    if (text.size() < *size + 2) return std::nullopt;
    out += text.substr(0, *size);
    text.remove_prefix(*size + 2);
  }
}

/// The whole body of this answer; nothing while something is missing.
std::optional<std::string> whole_body(const HttpAnswer& answer, std::string_view received, bool ended) {
  if (answer.status == 204 || answer.status == 304) return "";  // whatever else they say
  if (same_name(answer.field("Transfer-Encoding"), "chunked")) return join_chunks(received);
  const std::string_view length = answer.field("Content-Length");
  if (length.empty()) return ended ? std::optional<std::string>(received) : std::nullopt;
  const auto size = number<std::size_t>(length);
  if (!size) throw HttpError("the answer's Content-Length is no number");
  return received.size() < *size ? std::nullopt : std::optional<std::string>(received.substr(0, *size));
}

bool has_control(std::string_view text) {
  return std::ranges::any_of(text, [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

/// Takes an answer's head off the front of what was received; false while it is unfinished.
bool take_head(std::string& received, HttpAnswer& answer) {
  while (true) {
    const std::size_t end = received.find("\r\n\r\n");
    if (end == std::string::npos) return false;
    const std::string_view head = std::string_view(received).substr(0, end);
    const auto code = head.starts_with("HTTP/1.") && head.size() >= 12 ? number<int>(head.substr(9, 3)) : std::nullopt;
    if (!code) throw HttpError("what answers there is no HTTP server");
    const std::size_t line = std::min(head.find("\r\n"), head.size());
    answer.fields = parse_fields(head.substr(std::min(line + 2, head.size())));
    received.erase(0, end + 4);
    // 100 Continue and its like come before the answer; 101 is one.
    if (*code / 100 == 1 && *code != 101) continue;
    answer.status = *code;
    return true;
  }
}

}  // namespace

std::string_view HttpAnswer::field(std::string_view name) const {
  const auto found = std::ranges::find_if(fields, [&](const auto& field) { return same_name(field.first, name); });
  return found == fields.end() ? std::string_view() : std::string_view(found->second);
}

std::string HttpAnswer::all_fields(std::string_view name) const {
  std::string out;
  for (const auto& [other, value] : fields) {
    if (same_name(other, name)) out += (out.empty() ? "" : ", ") + value;
  }
  return out;
}

std::string http_head(const HttpRequest& request) {
  if (has_control(request.bearer)) throw HttpError("API_KEY has control characters, which no HTTP field can carry");
  std::string out = request.method + ' ' + request.target + " HTTP/1.1\r\nHost: " + host_field(request.place) + "\r\n";
  for (const auto& [name, value] : request.fields) {
    if (has_control(value)) throw HttpError(name + " has control characters, which no HTTP field can carry");
    out.append(name).append(": ").append(value).append("\r\n");
  }
  if (!request.bearer.empty()) out += "Authorization: Bearer " + request.bearer + "\r\n";
  if (!request.body.empty())
    out += "Content-Type: " + request.body_type + "\r\nContent-Length: " + std::to_string(request.body.size()) + "\r\n";
  return out + "\r\n";
}

HttpAnswer http_read(Connection& connection, std::string& received) {
  constexpr int kSwitching = 101;
  HttpAnswer answer;
  for (bool more = true; more;) {
    more = connection.receive(received);
    if (received.size() > kMaxAnswerBytes) throw HttpError("the answer is too large");
    if (answer.status == 0 && !take_head(received, answer)) continue;
    if (answer.status == kSwitching) return answer;
    const auto body = whole_body(answer, received, !more);
    if (!body) continue;
    answer.body = *body;
    return answer;
  }
  throw HttpError("the connection was closed before the answer was whole");
}

HttpAnswer http_send(const HttpRequest& request) {
  HttpRequest closing = request;
  closing.fields.emplace_back("Connection", "close");
  const std::string text = http_head(closing) + request.body;
  Connection connection(request.place, request.timeout);
  connection.send(text);
  std::string received;
  return http_read(connection, received);
}

std::string percent_encode(std::string_view text) {
  constexpr char kDigits[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) || c == '-' || c == '.' || c == '_' || c == '~') {
      out += c;
    } else {
      out += {'%', kDigits[byte >> 4], kDigits[byte & 15]};
    }
  }
  return out;
}

}  // namespace app
