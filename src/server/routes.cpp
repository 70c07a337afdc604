#include "server/routes.hpp"

#include <stdexcept>

#include "base/log.hpp"
#include "base/text.hpp"
#include "net/http_parser.hpp"

namespace signalbox::server {
namespace {

std::string_view sentence_of(int status) {
  switch (status) {
    case 408:
      return "The request did not come in time.";
    case 413:
      return "The body is too large.";
    case 417:
      return "Expect: only 100-continue is supported.";
    case 431:
      return "The request's head is too large.";
    case 501:
      return "This answer goes on, and so needs a connection of its own: hand the connection over.";
    case 505:
      return "Only HTTP/1.0 and HTTP/1.1 are supported.";
    default:
      return "This is not a well-formed HTTP request.";
  }
}

}  // namespace

net::Response refusal(int status) {
  return error_response(status, sentence_of(status));
}

void Routes::add(std::string path, Route route) {
  if (!path.starts_with('/')) throw std::invalid_argument("A route's path begins with \"/\": " + path);
  if (HttpApi::is_ours(path)) throw std::invalid_argument("This path is the server's own: " + path);
  if (routes_.contains(path)) throw std::invalid_argument("This path is served already: " + path);
  routes_.emplace(std::move(path), std::move(route));
}

std::optional<net::Response> Routes::on_head(const net::RequestHead& head, net::Admission& admission) {
  if (HttpApi::is_ours(head.path)) return api_.on_head(head, admission);
  admission.max_body = 0;
  if (!routes_.contains(head.path)) return nothing_here();
  if (head.method != "GET" && head.method != "HEAD") return method_not_allowed("GET, HEAD");
  return std::nullopt;
}

std::optional<net::Response> Routes::on_request(const net::RequestHead& head, std::string_view body,
                                                const net::RequestId& id, TimePoint now) {
  if (HttpApi::is_ours(head.path)) return api_.on_request(head, body, id, now);
  const auto found = routes_.find(head.path);
  if (found == routes_.end()) return nothing_here();
  return answer(found->second, head, body);
}

net::Response Routes::answer(const Route& route, const net::RequestHead& head, std::string_view body) const {
  try {
    RouteAnswer made =
        route({.method = head.method, .path = head.path, .query = head.query, .body = body, .fields = head.fields});
    net::Response response{.status = made.status, .fields = std::move(made.fields), .body = std::move(made.body)};
    response.fields.emplace_back("Content-Type", std::move(made.content_type));
    return response;
  } catch (const std::exception& error) {
    threw_.write("a route threw", {{"path", std::string(head.path)}, {"what", error.what()}});
  } catch (...) {
    threw_.write("a route threw", {{"path", std::string(head.path)}});
  }
  return error_response(500, "The server failed at this request; its log says why.");
}

}  // namespace signalbox::server

namespace signalbox {

std::string_view RouteRequest::field(std::string_view name) const {
  for (const auto& [key, value] : fields) {
    if (equal_ignoring_case(key, name)) return value;
  }
  return {};
}

}  // namespace signalbox
