#include "net/engine_request.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace signalbox::net {
namespace {

int hex(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool decode(std::string_view in, std::string& out) {
  for (std::size_t i = 0; i < in.size(); ++i) {
    if (in[i] == '+') {
      out += ' ';
    } else if (in[i] != '%') {
      out += in[i];
    } else {
      if (i + 2 >= in.size() || hex(in[i + 1]) < 0 || hex(in[i + 2]) < 0) return false;
      out += static_cast<char>(hex(in[i + 1]) * 16 + hex(in[i + 2]));
      i += 2;
    }
  }
  return true;
}

}  // namespace

EngineQuery parse_engine_query(std::string_view query) {
  EngineQuery parsed;
  bool eio = false, transport = false, sid = false;
  while (!query.empty()) {
    const auto end = query.find('&');
    const auto item = query.substr(0, end);
    query.remove_prefix(end == std::string_view::npos ? query.size() : end + 1);
    const auto equals = item.find('=');
    std::string name;
    if (!decode(item.substr(0, equals), name)) continue;  // the client's own parameters are not ours to judge
    const auto value = equals == std::string_view::npos ? std::string_view{} : item.substr(equals + 1);
    const auto take = [&](bool& seen, std::string& out) {
      parsed.repeated = parsed.repeated || seen || !decode(value, out);
      seen = true;
    };
    if (name == "EIO") take(eio, parsed.eio);
    if (name == "transport") take(transport, parsed.transport);
    if (name == "sid") take(sid, parsed.sid);
  }
  return parsed;
}

std::string_view message_of(EngineError error) {
  switch (error) {
    case EngineError::unknown_transport: return "Transport unknown";
    case EngineError::unknown_sid: return "Session ID unknown";
    case EngineError::bad_handshake_method: return "Bad handshake method";
    case EngineError::bad_request: return "Bad request";
    case EngineError::forbidden: return "Forbidden";
    case EngineError::unsupported_version: return "Unsupported protocol version";
  }
  return "Bad request";
}

std::string error_body(EngineError error) {
  return fmt::format(R"({{"code":{},"message":"{}"}})", static_cast<int>(error), message_of(error));
}

std::optional<EngineError> check_engine_request(const EngineQuery& query, const EngineFacts& facts) {
  const bool websocket = query.transport == "websocket";
  if (query.repeated) return EngineError::bad_request;
  if (query.transport != "polling" && !websocket) return EngineError::unknown_transport;
  const auto control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  if (std::any_of(facts.origin.begin(), facts.origin.end(), control)) return EngineError::bad_request;
  if (facts.upgrade && !websocket) return EngineError::bad_request;
  if (!query.sid.empty()) {
    if (!facts.session) return EngineError::unknown_sid;
    const bool same = (*facts.session == engineio::Transport::websocket) == websocket;
    if (!facts.upgrade && !same) return EngineError::bad_request;
    return std::nullopt;
  }
  if (facts.method != "GET") return EngineError::bad_handshake_method;
  if (websocket && !facts.upgrade) return EngineError::bad_request;
  if (query.eio != "4") return EngineError::unsupported_version;
  return std::nullopt;
}

}  // namespace signalbox::net
