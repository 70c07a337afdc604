#pragma once
#include <signalbox/config.hpp>

#include <cstdint>
#include <expected>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/dotenv.hpp"

namespace signalbox {

/// Which member of Config a setting fills; its type says how text is read.
using SettingMember =
    std::variant<std::uint16_t Config::*, std::uint32_t Config::*, std::size_t Config::*, bool Config::*,
                 AuthFailure Config::*, std::string Config::*, std::vector<std::string> Config::*,
                 std::chrono::milliseconds Config::*, std::chrono::seconds Config::*>;

/// Checks text beyond its type. Returns nothing, or what is wrong and what would be right.
using SettingCheck = std::optional<std::string> (*)(std::string_view value);

/// One line of the table from which parsing, `--help` and docs/configuration.md come.
struct Setting {
  std::string_view name;  ///< in the environment; the flag is the same in kebab-case
  SettingMember member;
  std::string_view unit{};
  std::uint64_t min = 0, max = 0;           ///< for numbers
  std::string_view holds{};                 ///< the setting whose value is the least that this one may have
  std::vector<std::string_view> choices{};  ///< for text that is one of a few words
  SettingCheck check = nullptr;
  std::string_view help{};   ///< what it does
  std::string_view cost{};   ///< what it costs, or what more and less of it bring
  bool secret = false;       ///< its value is never printed
  std::string_view unset{};  ///< what the empty or zero default means
};

/// Every setting, in the order in which people read them.
std::span<const Setting> settings();

/// PING_INTERVAL_MS -> --ping-interval-ms
std::string flag_of(const Setting& setting);
std::string default_of(const Setting& setting);
/// The words of a setting that takes one of a few; for other settings none.
std::vector<std::string_view> choices_of(const Setting& setting);
/// "1 to 65535", "on or off", "trace, debug, …"; empty: any text.
std::string allowed_of(const Setting& setting);

/// on, off, true, false, 1, 0
bool is_switch_word(std::string_view text);
/// Writes `text` into the setting's member of `config`. The error says what is allowed (and never a secret).
std::expected<void, std::string> assign(const Setting& setting, std::string_view text, Config& config);

using Environment = std::function<std::optional<std::string>(std::string_view name)>;

/// Names two settings that cannot work together, and says why; nothing if there are none.
std::optional<std::string> contradiction(const Config& config);

/// Flags over environment over the variables of `.env` over the defaults. Throws ConfigError, UnknownFlag.
Config load_config(const std::vector<std::string>& arguments, const Environment& environment, const Variables& dotenv);

/// Says why this is no list of origins, and the right form; nothing if it is one.
std::optional<std::string> check_origins(std::string_view list);

}  // namespace signalbox
