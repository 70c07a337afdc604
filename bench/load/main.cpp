#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <functional>
#include <iostream>
#include <map>

#include "scenarios.hpp"

namespace {

using load::Figures;
using load::Settings;

const std::map<std::string, std::pair<std::function<Figures(const Settings&)>, const char*>>& scenarios() {
  static const std::map<std::string, std::pair<std::function<Figures(const Settings&)>, const char*>> all = {
      {"logins", {load::logins, "USERS log in, AT_ONCE at a time"}},
      {"burst", {load::burst, "the server emits COUNT job events to USERS (bench_burst)"}},
      {"relay", {load::relay, "a worker's socket emits COUNT events to USERS (bench_emit), at RATE a second if given"}},
      {"http", {load::http, "COUNT events by POST /api/emit, 100 at a time"}},
      {"outcomes", {load::outcomes, "COUNT outcomes by POST /api/emit from WORKERS, at RATE a second if given"}},
      {"presence", {load::presence, "one user comes and goes, USERS others are told; COUNT deliveries"}},
      {"storm", {load::storm, "USERS log in at once and are told of each other"}},
      {"tide", {load::tide, "USERS come and go at once, and as many who stay are told of each"}},
      {"idle", {load::idle, "memory and CPU of the server with USERS idle, for SECONDS"}},
      {"return", {load::come_back, "USERS are cut off at once and log in again"}},
      {"restart", {load::restart, "USERS log in, the server is ended; until all are back on one that you start"}},
      {"churn", {load::churn, "500 connects and aborts a second for SECONDS: the server's memory"}},
  };
  return all;
}

void raise_descriptor_limit() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

void print(const std::string& scenario, const Figures& figures, bool json) {
  if (json) {
    std::printf("{\"scenario\":\"%s\"", scenario.c_str());
    for (const auto& [name, value] : figures) std::printf(",\"%s\":%.10g", name.c_str(), value);
    std::printf("}\n");
    return;
  }
  std::printf("%s\n", scenario.c_str());
  for (const auto& [name, value] : figures) std::printf("  %-26s %.6g\n", name.c_str(), value);
}

}  // namespace

int main(int argc, char** argv) {
  Settings settings;
  std::string scenario;
  bool json = false;
  CLI::App app(
      "Loads a Socket.IO server over WebSocket and verifies what it receives: exit code 1 on loss, a duplicate, a "
      "wrong order or a "
      "wrong recipient.",
      "signalbox-bench");
  std::string list = "Scenarios:\n";
  for (const auto& [name, what] : scenarios())
    list += "  " + name + std::string(10 - name.size(), ' ') + what.second + '\n';
  app.footer(list +
             "The server signs with the same secret. burst and relay want the handlers of bench/bench_server.cpp, http "
             "and outcomes Signalbox's POST /api/emit, tide its GET /healthz; the others work against any server, "
             "presence fastest with "
             "PRESENCE_GRACE_MS=0. idle, restart and churn want --pid.");
  app.add_option("SCENARIO", scenario)->required()->check([](const std::string& name) {
    return scenarios().contains(name) ? std::string() : "there is no scenario " + name;
  });
  app.add_option("--host", settings.target.host, "The server's IPv4 address")->capture_default_str();
  app.add_option("--port", settings.target.port, "Its port, without TLS")->capture_default_str();
  app.add_option("--path", settings.target.path, "Its path")->capture_default_str();
  app.add_option("--secret", settings.target.secret, "What tokens are signed with")->envname("JWT_SECRET")->required();
  app.add_option("--api-key", settings.api_key, "For http")->envname("API_KEY");
  app.add_option("--pid", settings.pid, "The server's process, for its CPU time and memory");
  app.add_option("--users", settings.users, "Users")->check(CLI::Range(1, 1'000'000))->capture_default_str();
  app.add_option("--count", settings.count, "Events or deliveries")->capture_default_str();
  app.add_option("--at-once", settings.at_once, "Logins under way, for logins")
      ->check(CLI::Range(1, 100'000))
      ->capture_default_str();
  app.add_option("--per-turn", settings.per_turn, "Events of a burst before the server writes; 0: as many as it likes")
      ->capture_default_str();
  app.add_option("--rate", settings.rate, "Events a second for relay and outcomes; 0: as fast as it goes")
      ->capture_default_str();
  app.add_option("--seconds", settings.seconds, "For idle and churn")->capture_default_str();
  app.add_option("--workers", settings.workers, "For outcomes")->check(CLI::Range(1, 10'000))->capture_default_str();
  app.add_option("--batch", settings.batch, "Outcomes in each request")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  app.add_option("--first", settings.first, "Number of the first outcome, where the server has some of these users")
      ->capture_default_str();
  app.add_flag("--kill", settings.kill, "restart by SIGKILL instead of SIGTERM");
  app.add_flag("--free-form", settings.free_form,
               "burst by JSON in braces, and relay by JSON values, instead of the typed event and the text");
  app.add_flag("--values", settings.values, "burst by JSON values that are made first");
  app.add_flag("--sleep", settings.target.sleeps,
               "Sleep while there is nothing to do: where the server is to have this core as well");
  app.add_flag("--json", json, "One JSON object instead of a table");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  try {
    raise_descriptor_limit();
    print(scenario, scenarios().at(scenario).first(settings), json);
    return 0;
  } catch (const std::exception& error) {
    std::cerr << "signalbox-bench: " << error.what() << '\n';
    return 1;
  }
}
