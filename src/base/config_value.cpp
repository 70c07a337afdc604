#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>

#include "base/config_table.hpp"
#include "base/text.hpp"

namespace signalbox {
namespace {

using Assigned = std::expected<void, std::string>;

template <class... F>
struct Overloaded : F... {
  using F::operator()...;
};

constexpr std::pair<std::string_view, AuthFailure> kAuthFailures[] = {{"unauthorized", AuthFailure::unauthorized},
                                                                      {"connect_error", AuthFailure::connect_error}};

std::unexpected<std::string> not_allowed(const Setting& setting) {
  return std::unexpected("allowed: " + allowed_of(setting));
}

std::optional<bool> parse_switch(std::string_view text) {
  for (const std::string_view on : {"on", "true", "1"}) {
    if (text == on) return true;
  }
  for (const std::string_view off : {"off", "false", "0"}) {
    if (text == off) return false;
  }
  return std::nullopt;
}

template <class Number>
Assigned assign_number(const Setting& setting, std::string_view text, Number& out) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value < setting.min || value > setting.max) {
    return not_allowed(setting);
  }
  out = Number(value);
  return {};
}

Assigned check_text(const Setting& setting, std::string_view text) {
  if (!setting.choices.empty() && std::ranges::find(setting.choices, text) == setting.choices.end()) {
    return not_allowed(setting);
  }
  if (text.contains('\0')) return std::unexpected("allowed: text without NUL bytes");
  if (!setting.check) return {};
  auto wrong = setting.check(text);
  return wrong ? Assigned(std::unexpected(*std::move(wrong))) : Assigned();
}

Assigned assign_words(const Setting& setting, std::string_view text, std::vector<std::string>& out) {
  if (auto checked = check_text(setting, text); !checked) return checked;
  const auto words = split(text, ',');
  out.assign(words.begin(), words.end());
  return {};
}

Assigned assign_auth_failure(const Setting& setting, std::string_view text, AuthFailure& out) {
  for (const auto& [word, value] : kAuthFailures) {
    if (word != text) continue;
    out = value;
    return {};
  }
  return not_allowed(setting);
}

template <class T>
constexpr bool kIsDuration = std::is_same_v<T, std::chrono::milliseconds> || std::is_same_v<T, std::chrono::seconds>;

}  // namespace

bool is_switch_word(std::string_view text) {
  return parse_switch(text).has_value();
}

std::expected<void, std::string> assign(const Setting& setting, std::string_view text, Config& config) {
  return std::visit(
      Overloaded{
          [&](bool Config::* member) -> Assigned {
            const auto value = parse_switch(text);
            if (!value) return not_allowed(setting);
            config.*member = *value;
            return {};
          },
          [&](AuthFailure Config::* member) { return assign_auth_failure(setting, text, config.*member); },
          [&](std::vector<std::string> Config::* member) { return assign_words(setting, text, config.*member); },
          [&](std::string Config::* member) -> Assigned {
            if (auto checked = check_text(setting, text); !checked) return checked;
            config.*member = text;
            return {};
          },
          [&](auto member) { return assign_number(setting, text, config.*member); },
      },
      setting.member);
}

std::string default_of(const Setting& setting) {
  const Config config;
  std::string value = std::visit(
      Overloaded{
          [&](bool Config::* member) -> std::string { return config.*member ? "on" : "off"; },
          [&](AuthFailure Config::* member) {
            const auto same = [&](const auto& entry) { return entry.second == config.*member; };
            return std::string(std::ranges::find_if(kAuthFailures, same)->first);
          },
          [&](std::vector<std::string> Config::* member) { return fmt::format("{}", fmt::join(config.*member, ",")); },
          [&](std::string Config::* member) { return config.*member; },
          [&]<class T>(T Config::* member) {
            if constexpr (kIsDuration<T>)
              return std::to_string((config.*member).count());
            else
              return std::to_string(config.*member);
          },
      },
      setting.member);
  const bool unset = value.empty() || value == "0";
  return unset && !setting.unset.empty() ? std::string(setting.unset) : value;
}

std::vector<std::string_view> choices_of(const Setting& setting) {
  if (std::holds_alternative<bool Config::*>(setting.member)) return {"on", "off"};
  if (!std::holds_alternative<AuthFailure Config::*>(setting.member)) return setting.choices;
  std::vector<std::string_view> words;
  for (const auto& [word, value] : kAuthFailures) words.push_back(word);
  return words;
}

std::string allowed_of(const Setting& setting) {
  const std::string_view others =
      std::holds_alternative<bool Config::*>(setting.member) ? " (or true, false, 1, 0)" : "";
  if (const auto choices = choices_of(setting); !choices.empty())
    return fmt::format("{}{}", fmt::join(choices, ", "), others);
  if (!setting.holds.empty()) return fmt::format("{} to {}", setting.holds, setting.max);
  return setting.max == 0 ? "" : fmt::format("{} to {}", setting.min, setting.max);
}

}  // namespace signalbox
