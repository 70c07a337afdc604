#include <signalbox/config.hpp>

#include <algorithm>
#include <exception>
#include <iostream>
#include <optional>

#include "command_line.hpp"
#include "manual.hpp"
#include "process.hpp"

namespace {

using app::CommandLine;
using signalbox::Config;

constexpr int kFailure = 1, kWrongUse = 2;

int serve(const CommandLine& line, const Config& config) {
  if (!config.listen)
    throw signalbox::ConfigError(
        "LISTEN is 'off', with which nobody can reach this program: it is for programs on the C++ library that hand "
        "connections over; allowed here: on");
  app::ignore_signals_of_writes();
  return line.is("demo") ? app::run_demo(config, line.demo) : app::run_serve(config);
}

/// Nothing: the command is one that reads the settings.
std::optional<int> run_without_settings(const CommandLine& line) {
  if (line.is("init")) return app::run_init(line.init);
  if (line.is("config-doc"))
    std::cout << Config::markdown_table();
  else if (line.is("man"))
    std::cout << app::manual_page(line.program);
  else if (line.is("completion"))
    std::cout << app::bash_completion(line.program);
  else
    return std::nullopt;
  return 0;
}

/// Nothing: the command is one that serves.
std::optional<int> run_client(const CommandLine& line, const Config& config) {
  if (line.is("token")) return app::run_token(config, line.token);
  if (line.is("emit")) return app::run_emit(config, line.emit);
  if (line.is("online")) return app::run_online(config, line.online);
  if (line.is("doctor")) return app::run_doctor(config, line.doctor);
  if (line.is("healthcheck")) return app::run_healthcheck(config);
  return std::nullopt;
}

/// A token or a list that has not all been printed must not be taken for the whole of it.
int printed(int code) {
  if (!std::cout.flush()) throw std::runtime_error("the output cannot be written");
  return code;
}

int run(const CommandLine& line, const std::vector<std::string>& flags) {
  if (const auto code = run_without_settings(line)) return printed(*code);
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
    line.program.parse(arguments);
  } catch (const CLI::ExtrasError&) {  // whose own words name them last first
    throw signalbox::UnknownFlag('\'' + line.program.remaining(true).front() +
                                 "' is neither a flag nor a command here");
  } catch (const CLI::ParseError& error) {
    return line.program.exit(error) == 0 ? 0 : kWrongUse;
  }
  return run(line, flags);
} catch (const signalbox::UnknownFlag& error) {
  std::cerr << "signalbox: " << error.what() << "; see signalbox --help\n";
  return kWrongUse;
} catch (const std::exception& error) {
  std::cerr << "signalbox: " << error.what() << '\n';
  return kFailure;
}
