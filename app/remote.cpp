#include <signalbox/json.hpp>

#include <array>
#include <ctime>
#include <iostream>
#include <utility>

#include "commands.hpp"
#include "http_client.hpp"

// emit, online and healthcheck: clients of the HTTP interface, as any worker in another process is.
namespace app {
namespace {

using signalbox::json;

/// Where the server of these settings is reached on this machine. Where it listens on all addresses no name is looked
/// up: a container need not know localhost.
std::string host_of_server(const std::string& host) {
  if (host.empty() || host == "0.0.0.0") return "127.0.0.1";
  return host == "::" ? "::1" : host;
}

HttpRequest request_without_key(const signalbox::Config& config) {
  return {.place = {.host = host_of_server(config.host), .port = config.port}};
}

HttpRequest request_to(const signalbox::Config& config) {
  if (config.api_key.empty()) throw signalbox::ConfigError("API_KEY is not set: set it to the key of the server");
  HttpRequest request = request_without_key(config);
  request.bearer = config.api_key;
  return request;
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

/// What the server answers under that address: an object with a list of that name.
json list_of(HttpRequest& request, std::string target, const char* name) {
  request.target = std::move(target);
  const json answer = json::parse(send(request).body, nullptr, false);
  if (!answer.is_object() || !answer.contains(name) || !answer[name].is_array())
    throw HttpError("the answer is not that of a Signalbox server");
  return answer[name];
}

/// "2026-11-28T09:30:00Z"
std::string utc(std::int64_t unix_ms) {
  constexpr std::size_t kRoom = 32;
  const std::time_t seconds = unix_ms / 1000;
  std::tm time{};
  std::array<char, kRoom> text{};
  return gmtime_r(&seconds, &time) && std::strftime(text.data(), text.size(), "%FT%TZ", &time) != 0 ? text.data() : "?";
}

void print_users(HttpRequest request) {
  constexpr std::size_t kPage = 10'000;
  for (std::string after;;) {
    std::string target = "/api/presence?limit=" + std::to_string(kPage);
    if (!after.empty()) target += "&after=" + percent_encode(after);
    const auto users = list_of(request, std::move(target), "users").get<std::vector<std::string>>();
    for (const std::string& user : users) std::cout << user << '\n';
    if (users.size() < kPage) return;
    after = users.back();
  }
}

void print_nodes(HttpRequest request) {
  for (const json& node : list_of(request, "/api/nodes", "nodes")) {
    const json& about = node.at("about");
    std::cout << node.at("id").get<std::string>() << ' ' << about.at("version").get<std::string>() << ' '
              << utc(about.at("started").get<std::int64_t>()) << '\n';
  }
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

int run_online(const signalbox::Config& config, const OnlineRequest& online) {
  online.nodes ? print_nodes(request_to(config)) : print_users(request_to(config));
  return 0;
}

int run_healthcheck(const signalbox::Config& config) {
  HttpRequest request = request_without_key(config);
  request.target = "/healthz";
  send(request);
  return 0;
}

}  // namespace app
