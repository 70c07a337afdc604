#include <signalbox/config.hpp>
#include <signalbox/version.hpp>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <exception>
#include <iostream>
#include <optional>

#include "commands.hpp"
#include "demo.hpp"
#include "process.hpp"

namespace {

using signalbox::Config;

constexpr int kFailure = 1, kWrongUse = 2;

/// What is wrong with a user's id: no server would take a token of it. Empty: nothing.
std::string wrong_user(const std::string& id) {
  const bool control = std::ranges::any_of(id, [](unsigned char c) { return c < 0x20 || c == 0x7f; });
  return id.empty() || id.size() > 256 || control ? "--user: 1 to 256 bytes without control characters" : "";
}

/// The program's command line: its own flags by CLI11; the settings' flags were taken out before.
struct CommandLine {
  CLI::App app{"Pushes job updates to browsers and knows who is online, on the Socket.IO protocol.", "signalbox"};
  app::TokenRequest token;
  app::EmitRequest emit;
  app::OnlineRequest online;
  app::DemoRequest demo;

  CommandLine() {
    app.set_version_flag("--version", signalbox::kVersion);
    app.require_subcommand(0, 1);
    app.footer(Config::help() + "\nExit codes: 0 done, 1 failed (a wrong or missing setting included), 2 wrong use.");
    app.add_subcommand("serve", "Serve until a signal comes (the default)");
    add_demo(*app.add_subcommand("demo", "Serve the demo page on http://localhost:3000"));
    add_token(*app.add_subcommand("token", "Print a token signed with JWT_SECRET"));
    add_emit(*app.add_subcommand("emit", "Send one event through the server at HOST and PORT, with API_KEY"));
    add_online(*app.add_subcommand("online", "Print who is online at the server at HOST and PORT, one id a line"));
    app.add_subcommand("config-doc", "")->group("");  // hidden: for docs/configuration.md
  }

  void add_demo(CLI::App& command) {
    command.add_flag("--expose", demo.expose, "Listen where HOST says: whoever reaches it gets tokens of its users");
  }

  void add_token(CLI::App& command) {
    constexpr std::int64_t kTenYears = 315'360'000;
    command.add_option("--user", token.user, "The user's id")->required()->check(wrong_user);
    command.add_option("--email", token.email, "The user's e-mail address");
    command.add_option("--ttl", token.ttl_s, "Seconds until it expires")
        ->check(CLI::Range(std::int64_t{1}, kTenYears))
        ->capture_default_str();
  }

  void add_emit(CLI::App& command) {
    command.add_option("--user", emit.user, "The user's id")->required();
    command.add_option("EVENT", emit.event, "The event's name")->required();
    command.add_option("JSON", emit.data, "The data, as JSON (after -- if it begins with a dash)")->required();
  }

  void add_online(CLI::App& command) {
    command.add_flag("--nodes", online.nodes,
                     "The nodes instead, where REDIS_URL joins several: id, version, started at");
  }
};

int serve(const CommandLine& line, const Config& config) {
  if (!config.listen)
    throw signalbox::ConfigError(
        "LISTEN is 'off', with which nobody can reach this program: it is for programs on the C++ library that hand "
        "connections over; allowed here: on");
  app::ignore_signals_of_writes();
  return line.app.got_subcommand("demo") ? app::run_demo(config, line.demo) : app::run_serve(config);
}

/// Nothing: the command is one that serves.
std::optional<int> run_client(const CommandLine& line, const Config& config) {
  if (line.app.got_subcommand("token")) return app::run_token(config, line.token);
  if (line.app.got_subcommand("emit")) return app::run_emit(config, line.emit);
  if (line.app.got_subcommand("online")) return app::run_online(config, line.online);
  return std::nullopt;
}

/// A token or a list that has not all been printed must not be taken for the whole of it.
int printed(int code) {
  if (!std::cout.flush()) throw std::runtime_error("the output cannot be written");
  return code;
}

int run(const CommandLine& line, const std::vector<std::string>& flags) {
  if (line.app.got_subcommand("config-doc")) {
    std::cout << Config::markdown_table();
    return printed(0);
  }
  const Config config = Config::from_arguments(flags);
  if (const auto code = run_client(line, config)) return printed(*code);
  return serve(line, config);
}

}  // namespace

int main(int argc, char** argv) try {
  app::open_standard_descriptors();
  std::vector<std::string> arguments(argv + std::min(argc, 1), argv + argc);
  const std::vector<std::string> flags = Config::take_flags(arguments);
  CommandLine line;
  try {
    std::reverse(arguments.begin(), arguments.end());  // as CLI11 wants them
    line.app.parse(arguments);
  } catch (const CLI::ExtrasError&) {  // whose own words name them last first
    throw signalbox::UnknownFlag('\'' + line.app.remaining(true).front() + "' is neither a flag nor a command here");
  } catch (const CLI::ParseError& error) {
    return line.app.exit(error) == 0 ? 0 : kWrongUse;
  }
  return run(line, flags);
} catch (const signalbox::UnknownFlag& error) {
  std::cerr << "signalbox: " << error.what() << "; see signalbox --help\n";
  return kWrongUse;
} catch (const std::exception& error) {
  std::cerr << "signalbox: " << error.what() << '\n';
  return kFailure;
}
