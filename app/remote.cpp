#include <signalbox/json.hpp>

#include <iostream>

#include "commands.hpp"
#include "http_client.hpp"

// emit and online: clients of the HTTP interface, as any worker in another process is.
namespace app {
namespace {

using signalbox::json;

HttpRequest request_to(const signalbox::Config& config) {
  if (config.api_key.empty()) throw signalbox::ConfigError("API_KEY is not set: set it to the key of the server");
  const bool everywhere = config.host.empty() || config.host == "0.0.0.0" || config.host == "::";
  return {.host = everywhere ? "localhost" : config.host, .port = config.port, .bearer = config.api_key};
}

/// The sentence in an error's JSON body, or the body as it is.
std::string sentence(const HttpAnswer& answer) {
  const json body = json::parse(answer.body, nullptr, false);
  for (const char* key : {"error", "message"}) {
    if (body.is_object() && body.contains(key) && body[key].is_string()) return body[key].get<std::string>();
  }
  return answer.body;
}

HttpAnswer send(const HttpRequest& request) {
  HttpAnswer answer = http_send(request);
  if (answer.status / 100 != 2)
    throw HttpError("the server answered " + std::to_string(answer.status) + ": " + sentence(answer));
  return answer;
}

}  // namespace

int run_emit(const signalbox::Config& config, const EmitRequest& emit) {
  if (!json::accept(emit.data))
    throw std::invalid_argument("the data is not JSON (a text needs its quotes: '\"text\"')");
  HttpRequest request = request_to(config);
  request.method = "POST";
  request.target = "/api/emit";
  // The data goes as it was typed: no number is reformatted on its way.
  request.body = R"({"userId":)" + json(emit.user).dump() + R"(,"event":)" + json(emit.event).dump() + R"(,"data":)" +
                 emit.data + '}';
  std::cout << send(request).body << '\n';
  return 0;
}

int run_online(const signalbox::Config& config) {
  constexpr std::size_t kPage = 10'000;
  HttpRequest request = request_to(config);
  for (std::string after;;) {
    request.target = "/api/presence?limit=" + std::to_string(kPage);
    if (!after.empty()) request.target += "&after=" + percent_encode(after);
    const json page = json::parse(send(request).body, nullptr, false);
    if (!page.is_object() || !page.contains("users") || !page["users"].is_array())
      throw HttpError("the answer is not that of a Signalbox server");
    const auto users = page["users"].get<std::vector<std::string>>();
    for (const std::string& user : users) std::cout << user << '\n';
    if (users.size() < kPage) return 0;
    after = users.back();
  }
}

}  // namespace app
