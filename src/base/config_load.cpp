#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <unordered_map>

#include "base/config_table.hpp"

namespace signalbox {
namespace {

struct Given {
  std::string value;
  std::string from;
};
using Values = std::unordered_map<std::string_view, Given>;

const Setting* find_flag(std::string_view flag) {
  const auto all = settings();
  const auto it = std::ranges::find_if(all, [&](const Setting& setting) { return flag_of(setting) == flag; });
  return it == all.end() ? nullptr : &*it;
}

/// How many of the arguments from `at` on are one setting's flag: `--flag=value`, `--flag value`, a switch's `--flag`
/// alone; 0: none.
std::size_t flag_size(const std::vector<std::string>& arguments, std::size_t at) {
  const std::string_view argument = arguments[at];
  const std::size_t equals = argument.find('=');
  const Setting* setting = find_flag(argument.substr(0, equals));
  if (!setting) return 0;
  if (equals != std::string_view::npos) return 1;
  const bool more = at + 1 < arguments.size();
  if (std::holds_alternative<bool Config::*>(setting->member)) return more && is_switch_word(arguments[at + 1]) ? 2 : 1;
  if (!more || arguments[at + 1].starts_with("--")) throw UnknownFlag(fmt::format("flag {} needs a value", argument));
  return 2;
}

void read_flags(const std::vector<std::string>& arguments, Values& out) {
  for (std::size_t i = 0; i < arguments.size();) {
    const std::string_view argument = arguments[i];
    const std::size_t size = flag_size(arguments, i), equals = argument.find('=');
    if (size == 0) throw UnknownFlag(fmt::format("unknown flag {}", argument.substr(0, equals)));
    const std::string value = size == 2                          ? arguments[i + 1]
                              : equals == std::string_view::npos ? "on"
                                                                 : std::string(argument.substr(equals + 1));
    out[find_flag(argument.substr(0, equals))->name] = {value, "flag"};
    i += size;
  }
}

ConfigError unreadable(int error) {
  return ConfigError(fmt::format("the file .env cannot be read: {}", std::strerror(error)));
}

/// Nothing: there is no such file.
std::optional<std::string> dotenv_text() try {
  std::ifstream file(".env", std::ios::binary);
  if (file) return std::string(std::istreambuf_iterator<char>(file), {});
  if (errno == ENOENT) return std::nullopt;
  throw unreadable(errno);
} catch (const std::ios_base::failure& error) {  // it was opened: a folder, or a disk that fails
  throw unreadable(error.code().value());
}

Variables read_dotenv() {
  const auto text = dotenv_text();
  if (!text) return {};
  auto variables = parse_dotenv(*text);
  if (!variables) throw ConfigError(fmt::format(".env, line {}: {}", variables.error().line, variables.error().reason));
  return *std::move(variables);
}

std::optional<std::string> from_process(std::string_view name) {
  const char* value = std::getenv(std::string(name).c_str());
  return value ? std::optional<std::string>(value) : std::nullopt;
}

std::size_t bytes_of(const Setting& setting, const Config& config) {
  return config.*std::get<std::size_t Config::*>(setting.member);
}

Config config_of(const Values& values) {
  Config config;
  for (const Setting& setting : settings()) {
    const auto it = values.find(setting.name);
    if (it == values.end()) continue;
    const auto& [value, from] = it->second;
    const auto assigned = assign(setting, value, config);
    if (assigned) continue;
    const std::string shown = setting.secret ? " cannot be used" : fmt::format(" is '{}'", value);
    throw ConfigError(fmt::format("{} ({}){}; {}", setting.name, from, shown, assigned.error()));
  }
  if (const auto wrong = contradiction(config)) throw ConfigError(*wrong);
  return config;
}

}  // namespace

std::optional<std::string> contradiction(const Config& config) {
  for (const Setting& setting : settings()) {
    if (setting.holds.empty()) continue;
    const Setting& part = *std::ranges::find(settings(), setting.holds, &Setting::name);
    const std::size_t whole = bytes_of(setting, config), least = bytes_of(part, config);
    if (whole < least) {
      return fmt::format(
          "{} is {} and {} is {}: one message could be more than all together may be; raise the first or "
          "lower the second",
          setting.name, whole, part.name, least);
    }
  }
  if (config.outcome_acks && config.recovery_window.count() != 0) {
    return "OUTCOME_ACKS and RECOVERY_WINDOW_MS are both on: a Socket.IO client takes no offset from an event that it "
           "is "
           "to acknowledge; switch one of them off";
  }
  return std::nullopt;
}

Config load_config(const std::vector<std::string>& arguments, const Environment& environment, const Variables& dotenv) {
  Values values;
  for (const Setting& setting : settings()) {
    for (const auto& [name, value] : dotenv) {
      if (name == setting.name) values[setting.name] = {value, ".env"};
    }
    if (auto value = environment(setting.name)) values[setting.name] = {*std::move(value), "environment"};
  }
  read_flags(arguments, values);
  return config_of(values);
}

std::vector<std::string> Config::take_flags(std::vector<std::string>& arguments) {
  std::vector<std::string> taken, rest;
  for (std::size_t i = 0; i < arguments.size();) {
    if (arguments[i] == "--") {
      std::move(arguments.begin() + static_cast<std::ptrdiff_t>(i), arguments.end(), std::back_inserter(rest));
      break;
    }
    const std::size_t size = flag_size(arguments, i);
    for (const std::size_t end = i + std::max<std::size_t>(size, 1); i < end; ++i)
      (size ? taken : rest).push_back(arguments[i]);
  }
  arguments = std::move(rest);
  return taken;
}

Config Config::from_values(const std::vector<ConfigValue>& values) {
  Values known;
  for (const auto& [name, value, from] : values) {
    const auto setting = std::ranges::find(settings(), std::string_view(name), &Setting::name);
    if (setting == settings().end()) throw ConfigError(fmt::format("there is no setting {} ({})", name, from));
    known[setting->name] = {value, from};
  }
  return config_of(known);
}

Config Config::from_env() {
  return from_arguments({});
}

Config Config::from_arguments(const std::vector<std::string>& arguments) {
  return load_config(arguments, from_process, read_dotenv());
}

}  // namespace signalbox
