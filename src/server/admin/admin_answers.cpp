#include "server/admin/admin_answers.hpp"

#include <algorithm>

#include "server/file_routes.hpp"

namespace signalbox::server::admin {

net::Response secured(net::Response response) {
  constexpr std::string_view kPolicy =
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; "
      "form-action 'none'; frame-ancestors 'none'";
  const auto set = [&fields = response.fields](std::string_view name, std::string_view value) {
    if (std::ranges::find(fields, name, &std::pair<std::string, std::string>::first) == fields.end())
      fields.emplace_back(name, value);
  };
  set("Content-Security-Policy", kPolicy);
  set("Cache-Control", "no-store");
  set("X-Content-Type-Options", "nosniff");
  set("Referrer-Policy", "no-referrer");
  set("X-Frame-Options", "DENY");
  set("Cross-Origin-Resource-Policy", "same-origin");
  return response;
}

net::Response file_answer(const EmbeddedFile& file) {
  return {.status = 200,
          .fields = {{"Content-Type", content_type_of(file.path)}, {"Cache-Control", "no-cache"}},
          .body = std::string(file.bytes)};
}

}  // namespace signalbox::server::admin
