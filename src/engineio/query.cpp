#include "engineio/query.hpp"

#include <vector>

#include "base/json_write.hpp"

namespace signalbox::engineio {
namespace {

int hex(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::optional<std::string> percent_decode(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i] == '+' ? ' ' : text[i];
      continue;
    }
    if (i + 2 >= text.size() || hex(text[i + 1]) < 0 || hex(text[i + 2]) < 0) return std::nullopt;
    out += static_cast<char>(hex(text[i + 1]) * 16 + hex(text[i + 2]));
    i += 2;
  }
  return out;
}

}  // namespace

std::expected<Query, RequestError> parse_query(std::string_view query) {
  Query out;
  bool seen_transport = false, seen_sid = false, seen_eio = false;
  while (!query.empty()) {
    const std::size_t end = query.find('&');
    const std::string_view pair = query.substr(0, end);
    query = end == std::string_view::npos ? std::string_view{} : query.substr(end + 1);
    const std::size_t equals = pair.find('=');
    auto name = percent_decode(pair.substr(0, equals));
    auto value = percent_decode(equals == std::string_view::npos ? std::string_view{} : pair.substr(equals + 1));
    if (!name || !value) return std::unexpected(kBadRequest);
    bool* seen = *name == "transport" ? &seen_transport : *name == "sid" ? &seen_sid : *name == "EIO" ? &seen_eio : nullptr;
    if (!seen) continue;  // the application's own
    if (*seen) return std::unexpected(kBadRequest);
    *seen = true;
    if (seen == &seen_transport) {
      out.transport = std::move(*value);
    } else if (seen == &seen_eio) {
      out.eio = std::move(*value);
    } else if (!value->empty()) {
      out.sid = std::move(*value);
    }
  }
  return out;
}

std::optional<RequestError> check_request(const Query& query, const RequestFacts& facts) {
  if (query.transport != "polling" && query.transport != "websocket") return kUnknownTransport;
  const Transport transport = query.transport == "polling" ? Transport::polling : Transport::websocket;
  if (facts.upgrade && transport == Transport::polling) return kBadRequest;
  if (!facts.origin_is_clean) return kBadRequest;
  if (query.sid) {
    if (!facts.session) return kUnknownSid;
    if (!facts.upgrade && *facts.session != transport) return kBadRequest;
    return std::nullopt;
  }
  if (facts.method != "GET") return kBadMethod;
  if (transport == Transport::websocket && !facts.upgrade) return kBadRequest;
  if (query.eio != "4") return kUnsupportedVersion;
  return std::nullopt;
}

std::string error_body(const RequestError& error) {
  std::string out = "{\"code\":";
  append_int(out, error.code);
  out += ",\"message\":";
  append_json_string(out, error.message);
  out += '}';
  return out;
}

}  // namespace signalbox::engineio
