#include "server/file_routes.hpp"

#include "server/embedded_files.hpp"

namespace signalbox::server {
namespace {

/// Of the page as it was asked for under `host`: older browsers do not count the WebSocket of the same host as 'self'.
/// IPv6 literals cannot stand in a policy, and nothing else but a name and a port may.
std::string policy(std::string_view host) {
  constexpr auto kNamed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-:";
  const bool named = !host.empty() && host.find_first_not_of(kNamed) == std::string_view::npos;
  const std::string sockets = named ? " ws://" + std::string(host) + " wss://" + std::string(host) : "";
  return "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'" + sockets +
         "; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
}

RouteAnswer page(const EmbeddedFile& file, const RouteRequest& request) {
  return {.content_type = content_type_of(file.path),
          .body = std::string(file.bytes),
          .fields = {{"Content-Security-Policy", policy(request.field("Host"))},
                     {"Cache-Control", "no-cache"},
                     {"X-Content-Type-Options", "nosniff"},
                     {"Referrer-Policy", "no-referrer"}}};
}

RouteAnswer script(const EmbeddedFile& file, const RouteRequest& request) {
  const std::string tag = '"' + std::string(client_version()) + '"';
  RouteAnswer answer{
      .content_type = content_type_of(file.path),
      .body = {},
      .fields = {{"ETag", tag}, {"Cache-Control", "public, max-age=0"}, {"X-Content-Type-Options", "nosniff"}}};
  const std::string_view held = request.field("If-None-Match");
  if (held == tag || held == "W/" + tag) {
    answer.status = 304;
  } else {
    answer.body = file.bytes;
  }
  return answer;
}

}  // namespace

std::string content_type_of(std::string_view path) {
  if (path.ends_with(".js")) return "application/javascript; charset=utf-8";
  if (path.ends_with(".css")) return "text/css; charset=utf-8";
  if (path.ends_with(".svg")) return "image/svg+xml";
  if (path.ends_with(".map")) return "application/json; charset=utf-8";
  return "text/html; charset=utf-8";
}

bool add_demo_page(Routes& routes) {
  const auto files = demo_page();
  for (const EmbeddedFile& file : files) {
    routes.add(std::string(file.path), [file](const RouteRequest& request) { return page(file, request); });
  }
  return !files.empty();
}

void add_client_scripts(Routes& routes, const std::string& path) {
  for (const EmbeddedFile& file : client_scripts()) {
    routes.add(path + std::string(file.path), [file](const RouteRequest& request) { return script(file, request); });
  }
}

}  // namespace signalbox::server
