#include "server/json_place.hpp"

#include <fmt/format.h>

#include "base/json_listener.hpp"

namespace signalbox::server {
namespace {

/// Finds the place of the first fault.
struct FaultFinder : JsonListener {
  bool parse_error(std::size_t position, const std::string& token, const nlohmann::detail::exception& error) override {
    at = position;
    out_of_range = error.id / 100 == 4;
    number = token.substr(0, 32);
    return false;
  }

  std::size_t at = 0;
  bool out_of_range = false;
  std::string number;
};

}  // namespace

std::string what_is_wrong(std::string_view text, std::size_t max_depth) {
  if (text.find_first_not_of(" \t\r\n") == std::string_view::npos) return "it is empty";
  FaultFinder finder;
  // The parser takes a NUL byte for the end of the text; no JSON holds one.
  const auto nul = text.find('\0');
  const bool sound = nlohmann::json::sax_parse(text.substr(0, nul), &finder);
  if (!sound && finder.out_of_range)
    return fmt::format("the number {} is beyond its range, at byte {}", finder.number, finder.at);
  if (!sound) return fmt::format("the fault is at byte {}", finder.at);
  if (nul != std::string_view::npos) return fmt::format("the fault is at byte {}", nul + 1);
  return fmt::format("it is nested deeper than {}", max_depth);
}

}  // namespace signalbox::server
