#include "demo.hpp"

#include <signalbox/signalbox.hpp>

#include <array>
#include <chrono>
#include <iostream>

#include "image_generator.hpp"
#include "own_pages.hpp"
#include "secret.hpp"
#include "supervisor.hpp"

namespace app {
namespace {

using namespace signalbox;

constexpr std::array<std::string_view, 2> kUsers = {"ada", "grace"};

/// A stand-in for the application's own login: anyone who may ask may be Ada or Grace.
RouteAnswer token_route(const RouteRequest& request, const std::string& secret) {
  for (const std::string_view user : kUsers) {
    if (request.query != "user=" + std::string(user)) continue;
    const auto now =
        std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count();
    const json claims = {{"id", user}, {"email", std::string(user) + "@example.com"}, {"exp", now + 24 * 3600}};
    return {.content_type = "application/json",
            .body = json{{"token", sign_token(claims.dump(), secret)}}.dump(),
            .fields = {{"Cache-Control", "no-store"}}};
  }
  return {.status = 400, .body = "user=ada or user=grace\n"};
}

/// Pages that are not the demo's own get no token.
RouteAnswer guarded_token_route(const RouteRequest& request, const std::string& secret, bool exposed) {
  if (!from_own_page(request)) return {.status = 403, .body = "Only the demo's own page gets a token.\n"};
  if (!exposed && !asked_on_loopback(request))
    return {.status = 403,
            .body = "Tokens are for http://localhost; signalbox demo --expose gives them under any name.\n"};
  return token_route(request, secret);
}

RouteAnswer picture_route(const RouteRequest& request) {
  return {.content_type = "image/svg+xml",
          .body = draw(request.query),
          .fields = {{"Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'"},
                     {"X-Content-Type-Options", "nosniff"}}};
}

void start_job(ImageGenerator& generator, Socket& socket, const json& arguments, Ack& ack) {
  const json wish = arguments.empty() ? json() : arguments[0];
  const std::string id = wish.is_object() ? wish.value("jobId", "") : "";
  const bool added = !id.empty() && id.size() <= 64 &&
                     generator.add({.user = std::string(socket.user_id()),
                                    .id = id,
                                    .prompt = wish.value("prompt", "A picture").substr(0, 64),
                                    .fails = wish.value("fail", false)});
  ack(json{{"ok", added}});
}

std::string address(const WebSocketService& service) {
  return "http://localhost:" + std::to_string(service.port());
}

std::string where_it_is(const WebSocketService& service, bool with_page) {
  if (with_page) return "The demo is at " + address(service) + " (Ctrl-C ends it)";
  return "This program was built without Node, so it has no demo page; its server listens at " + address(service);
}

/// Where the demo listens. A HOST that was set for a server, in .env or elsewhere, is not meant for it.
std::string host_of_demo(const std::string& host, bool exposed) {
  if (exposed || is_loopback(host)) return host;
  if (!host.empty())
    std::cout << "HOST is " << host << ", but whoever reaches the demo gets tokens of its users: it listens on "
              << "localhost alone. signalbox demo --expose listens there." << std::endl;
  return "localhost";
}

}  // namespace

int run_demo(Config config, const DemoRequest& demo) {
  config.host = host_of_demo(config.host, demo.expose);
  const bool one_of_several = !config.redis_url.empty() && !config.jwt_secret.empty();
  // Never the user's own: its tokens go to whoever asks. The nodes of one demo have one.
  config.jwt_secret = one_of_several ? "of the demo: " + config.jwt_secret : random_secret();
  if (!one_of_several) config.data_dir.clear();  // the pictures of a demo need not outlive it
  config.outcome_replay = config.outcome_ttl;    // the page knows no more of a job than what it is told again
  WebSocketService service(config);
  ImageGenerator generator(service.io(), 4);

  service.events().on("start_job", [&generator](Socket& socket, const json& arguments, Ack ack) {
    start_job(generator, socket, arguments, ack);
  });
  service.serve("/demo/token", [secret = config.jwt_secret, exposed = demo.expose](const RouteRequest& request) {
    return guarded_token_route(request, secret, exposed);
  });
  service.serve("/demo/picture.svg", picture_route);
  const bool with_page = service.serve_demo_page();
  service.run([&] {
    std::cout << where_it_is(service, with_page) << std::endl;
    tell_supervisor("READY=1");
  });
  return 0;
}

}  // namespace app
