#include <fmt/format.h>

#include <algorithm>

#include <signalbox/json.hpp>

#include "base/config_table.hpp"

// The table as people read it: in a terminal and in the documentation.
namespace signalbox {
namespace {

std::string details(const Setting& setting) {
  std::string out = fmt::format("default: {}", default_of(setting).empty() ? "none" : default_of(setting));
  if (!setting.unit.empty()) out += fmt::format(", in {}", setting.unit);
  if (const std::string allowed = allowed_of(setting); !allowed.empty()) out += fmt::format(", allowed: {}", allowed);
  return out;
}

/// Escapes what Markdown would read: a bar ends a cell, and stars are emphasis.
std::string cell(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '|' || c == '*') out += '\\';
    out += c;
  }
  return out;
}

std::string_view type_of(const Setting& setting) {
  if (std::holds_alternative<bool Config::*>(setting.member)) return "switch";
  if (std::holds_alternative<std::vector<std::string> Config::*>(setting.member)) return "list";
  const bool text = std::holds_alternative<std::string Config::*>(setting.member) ||
                    std::holds_alternative<AuthFailure Config::*>(setting.member);
  return text ? "text" : "number";
}

}  // namespace

std::string flag_of(const Setting& setting) {
  std::string out = "--";
  for (const char c : setting.name) out += c == '_' ? '-' : static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
  return out;
}

std::string Config::help() {
  std::string out =
      "Settings. A flag counts over the environment variable, and that over the file .env in the working directory:\n";
  for (const Setting& setting : settings()) {
    out += fmt::format("  {} ({})\n      {} {}\n      {}\n", flag_of(setting), setting.name, setting.help, setting.cost,
                       details(setting));
  }
  return out;
}

std::string Config::markdown_table() {
  std::string out =
      "| variable | flag | default | unit | allowed | what it does | what it costs |\n|---|---|---|---|---|---|---|\n";
  for (const Setting& setting : settings()) {
    out += fmt::format("| `{}` | `{}` | {} | {} | {} | {} | {} |\n", setting.name, flag_of(setting),
                       cell(default_of(setting)), setting.unit, cell(allowed_of(setting)), cell(setting.help),
                       cell(setting.cost));
  }
  return out;
}

std::string Config::json_table() {
  json table = json::array();
  for (const Setting& setting : settings()) {
    table.push_back({{"name", setting.name},
                     {"flag", flag_of(setting)},
                     {"type", type_of(setting)},
                     {"unit", setting.unit},
                     {"default", default_of(setting)},
                     {"allowed", allowed_of(setting)},
                     {"choices", choices_of(setting)},
                     {"what", fmt::format("{} {}", setting.help, setting.cost)}});
  }
  return table.dump(1);
}

}  // namespace signalbox
