#include "server/answers.hpp"

#include <fmt/format.h>

#include "base/json_write.hpp"
#include "base/text.hpp"

namespace signalbox::server {

net::Response json_response(int status, std::string body) {
  return {.status = status,
          .fields = {{"Content-Type", "application/json"},
                     {"Cache-Control", "no-store"},
                     {"X-Content-Type-Options", "nosniff"}},
          .body = std::move(body)};
}

net::Response error_response(int status, std::string_view sentence, std::optional<std::size_t> index) {
  std::string body = "{\"error\":";
  append_json_string(body, sentence);
  if (index) body += fmt::format(",\"index\":{}", *index);
  body += '}';
  return json_response(status, std::move(body));
}

net::Response method_not_allowed(std::string_view allow) {
  auto response = error_response(405, fmt::format("This address takes {} only.", allow));
  response.fields.emplace_back("Allow", allow);
  return response;
}

net::Response nothing_here() {
  return error_response(404, "There is nothing at this address.");
}

net::Response not_json() {
  return error_response(415, "Send JSON: Content-Type: application/json.");
}

bool sends_json(const net::RequestHead& head) {
  if (head.count("Content-Type") != 1) return false;
  const std::string_view type = *head.field("Content-Type");
  return equal_ignoring_case(trim(type.substr(0, type.find(';'))), "application/json");
}

}  // namespace signalbox::server
