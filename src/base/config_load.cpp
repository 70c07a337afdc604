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
  std::string_view from;
};
using Values = std::unordered_map<std::string_view, Given>;

const Setting* find_flag(std::string_view flag) {
  const auto all = settings();
  const auto it = std::ranges::find_if(all, [&](const Setting& setting) { return flag_of(setting) == flag; });
  return it == all.end() ? nullptr : &*it;
}

/// `--flag value`, `--flag=value`, and for switches `--flag` alone.
void take_flags(const std::vector<std::string>& arguments, Values& out) {
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string_view argument = arguments[i];
    const std::size_t equals = argument.find('=');
    const Setting* setting = find_flag(argument.substr(0, equals));
    if (!setting) throw UnknownFlag(fmt::format("unknown flag {}", argument.substr(0, equals)));
    const bool follows = i + 1 < arguments.size() && !arguments[i + 1].starts_with("--");
    if (equals != std::string_view::npos) {
      out[setting->name] = {std::string(argument.substr(equals + 1)), "flag"};
    } else if (follows) {
      out[setting->name] = {arguments[++i], "flag"};
    } else if (std::holds_alternative<bool Config::*>(setting->member)) {
      out[setting->name] = {"on", "flag"};
    } else {
      throw UnknownFlag(fmt::format("flag {} needs a value", argument));
    }
  }
}

Variables read_dotenv() {
  std::ifstream file(".env", std::ios::binary);
  if (!file) {
    if (errno == ENOENT) return {};
    throw ConfigError(fmt::format("the file .env cannot be read: {}", std::strerror(errno)));
  }
  const std::string text(std::istreambuf_iterator<char>(file), {});
  auto variables = parse_dotenv(text);
  if (!variables) throw ConfigError(fmt::format(".env, line {}: {}", variables.error().line, variables.error().reason));
  return *std::move(variables);
}

std::optional<std::string> from_process(std::string_view name) {
  const char* value = std::getenv(std::string(name).c_str());
  return value ? std::optional<std::string>(value) : std::nullopt;
}

}  // namespace

Config load_config(const std::vector<std::string>& arguments, const Environment& environment, const Variables& dotenv) {
  Values values;
  for (const Setting& setting : settings()) {
    for (const auto& [name, value] : dotenv) {
      if (name == setting.name) values[setting.name] = {value, ".env"};
    }
    if (auto value = environment(setting.name)) values[setting.name] = {*std::move(value), "environment"};
  }
  take_flags(arguments, values);
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
  return config;
}

Config Config::from_env() { return from_arguments({}); }

Config Config::from_arguments(const std::vector<std::string>& arguments) {
  return load_config(arguments, from_process, read_dotenv());
}

}  // namespace signalbox
