#include "engineio/query.hpp"

#include "base/json_write.hpp"
#include "base/query_string.hpp"

namespace signalbox::engineio {
std::expected<Query, RequestError> parse_query(std::string_view query) {
  Query out;
  bool seen_transport = false, seen_sid = false, seen_eio = false;
  for (QueryString parameters(query); !parameters.over();) {
    auto one = parameters.take();
    if (!one) return std::unexpected(kBadRequest);
    auto& [name, value] = *one;
    if (name == "t" && out.stamp == 0) out.stamp = stamp_of(value);
    bool* seen = name == "transport" ? &seen_transport
                 : name == "sid"     ? &seen_sid
                 : name == "EIO"     ? &seen_eio
                                     : nullptr;
    if (!seen) continue;  // the application's own
    if (*seen) return std::unexpected(kBadRequest);
    *seen = true;
    if (seen == &seen_transport) {
      out.transport = std::move(value);
    } else if (seen == &seen_eio) {
      out.eio = std::move(value);
    } else if (!value.empty()) {
      out.sid = std::move(value);
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
