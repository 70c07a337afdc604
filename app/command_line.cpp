#include "command_line.hpp"

#include <signalbox/config.hpp>
#include <signalbox/version.hpp>

#include <algorithm>

namespace app {
namespace {

/// What is wrong with a user's id: no server would take a token of it. Empty: nothing.
std::string wrong_user(const std::string& id) {
  const bool control = std::ranges::any_of(id, [](unsigned char c) { return c < 0x20 || c == 0x7f; });
  return id.empty() || id.size() > 256 || control ? "--user: 1 to 256 bytes without control characters" : "";
}

}  // namespace

CommandLine::CommandLine() {
  program.set_version_flag("--version", signalbox::kVersion);
  program.require_subcommand(0, 1);
  const std::string exit_codes = "Exit codes: 0 done, 1 failed (a wrong or missing setting included), 2 wrong use.";
  program.footer(signalbox::Config::help() + "\n" + exit_codes);
  add_init(*program.add_subcommand("init", "Write a file .env with fresh secrets, and say what to do next"));
  program.add_subcommand("serve", "Serve until a signal comes (the default)");
  add_demo(*program.add_subcommand("demo", "Serve the demo page on http://localhost:3000"));
  add_token(*program.add_subcommand("token", "Print a token signed with JWT_SECRET, or say what is wrong with one"));
  add_emit(*program.add_subcommand("emit", "Send one event through the server at HOST and PORT, with API_KEY"));
  add_online(*program.add_subcommand("online", "Print who is online at the server at HOST and PORT, one id a line"));
  program.add_subcommand("healthcheck", "Ask the server at HOST and PORT whether it works; if not, the exit code is 1");
  add_doctor(*program.add_subcommand("doctor", "Look at a server from outside, as browsers do, and say what hurts"));
  for (const char* name : {"init", "token", "emit", "online", "healthcheck"})
    program.get_subcommand(name)->footer("It takes the settings that signalbox --help lists, as flags too.\n" +
                                         exit_codes);
  add_hidden();
}

void CommandLine::add_init(CLI::App& command) {
  command.add_option("--file", init.file, "The file, which must not be there yet; - prints it instead")
      ->capture_default_str();
}

void CommandLine::add_demo(CLI::App& command) {
  command.add_flag("--expose", demo.expose, "Listen where HOST says: whoever reaches it gets tokens of its users");
}

void CommandLine::add_token(CLI::App& command) {
  constexpr std::int64_t kTenYears = 315'360'000;
  CLI::Option* user = command.add_option("--user", token.user, "The user's id")->check(wrong_user);
  command.add_option("--email", token.email, "The user's e-mail address");
  command.add_option("--ttl", token.ttl_s, "Seconds until it expires")
      ->check(CLI::Range(std::int64_t{1}, kTenYears))
      ->capture_default_str();
  CLI::Option* explain = command.add_option(
      "--explain", token.explain, "Say whether a login accepts this token, and if not, why; - reads it from the input");
  explain->excludes(user);
  command.callback([user, explain] {
    if (!*user && !*explain) throw CLI::RequiredError("--user");
  });
}

void CommandLine::add_emit(CLI::App& command) {
  command.add_option("--user", emit.user, "The user's id")->required();
  command.add_option("EVENT", emit.event, "The event's name")->required();
  command.add_option("JSON", emit.data, "The data, as JSON (after -- if it begins with a dash)")->required();
}

void CommandLine::add_online(CLI::App& command) {
  command.add_flag("--nodes", online.nodes,
                   "The nodes instead, where REDIS_URL joins several: id, version, started at");
}

void CommandLine::add_doctor(CLI::App& command) {
  command.add_option("ADDRESS", doctor.url, "What the page connects to: https://app.example.com")->required();
  command.add_option("--token", doctor.token,
                     "A token to log in with, of a user made for this: what that user has not received counts as "
                     "received then; - reads it from the input");
  command.add_option("--origin", doctor.origin, "Where your pages come from, as the browser's address bar has it");
  command.add_flag("--quick", doctor.quick,
                   "Leave out the 70 s or so in which silent connections are watched, for proxies that cut them off");
  command.add_flag("--json", doctor.json, "Print an object in JSON");
  command.footer(
      "Of the settings it takes SOCKET_PATH, and JWT_SECRET to explain a token, as flags too.\n"
      "Exit codes: 0 nothing hurts, 1 something does, 2 nobody answered or the command is wrong.");
}

// What the documentation and the packages are made with.
void CommandLine::add_hidden() {
  for (const char* name : {"config-doc", "man", "completion"}) program.add_subcommand(name, "")->group("");
}

}  // namespace app
