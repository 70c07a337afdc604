#include "server/handed_over.hpp"

#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "net/http_parser.hpp"

namespace signalbox::server {
namespace {

/// Does this field say how a body travels? This one has arrived.
bool is_framing(std::string_view name) {
  constexpr std::array<std::string_view, 3> kFraming = {"Content-Length", "Transfer-Encoding", "Expect"};
  return std::ranges::any_of(kFraming, [name](std::string_view one) { return equal_ignoring_case(name, one); });
}

bool is_one_line(std::string_view text) {
  return text.find_first_of("\r\n") == text.npos;
}

}  // namespace

std::string head_of(const HttpRequest& request) {
  std::string head = request.method + ' ' + request.target + " HTTP/1.1\r\n";
  bool whole = is_one_line(request.method) && is_one_line(request.target);
  for (const auto& [name, value] : request.fields) {
    whole = whole && is_one_line(name) && is_one_line(value);
    if (!is_framing(name)) head.append(name).append(": ").append(value).append("\r\n");
  }
  return whole ? head + "\r\n" : std::string();
}

HttpReply guarded(HttpReply reply, log::RareError& threw) {
  return [&threw, reply = std::move(reply)](HttpAnswer answer) {
    try {
      reply(std::move(answer));
    } catch (const std::exception& error) {
      threw.write("the callback that takes an answer threw", {{"what", error.what()}});
    } catch (...) {
      threw.write("the callback that takes an answer threw");
    }
  };
}

}  // namespace signalbox::server
