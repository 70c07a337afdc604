#include "server/json_place.hpp"

#include <fmt/format.h>

#include <optional>

#include "base/json_listener.hpp"

namespace signalbox::server {
namespace {

/// Finds the place of the first fault. Nesting that is too deep is noted, and told only if nothing else is wrong.
struct FaultFinder : JsonListener {
  bool parse_error(std::size_t position, const std::string& token, const nlohmann::detail::exception& error) override {
    at = position;
    out_of_range = error.id / 100 == 4;
    number = token.substr(0, 32);
    return false;
  }
  bool start_object(std::size_t) override { return open(false); }
  bool start_array(std::size_t) override { return open(true); }
  bool end_object() override { return --depth, true; }
  bool end_array() override { return --depth, true; }
  bool null() override { return scalar(); }
  bool boolean(bool) override { return scalar(); }
  bool number_integer(number_integer_t) override { return scalar(); }
  bool number_unsigned(number_unsigned_t) override { return scalar(); }
  bool number_float(number_float_t, const string_t&) override { return scalar(); }
  bool string(string_t&) override { return scalar(); }

  bool open(bool is_array) {
    if (depth == 0) array = is_array;
    if (depth == 1) ++items;
    ++depth;
    if (!too_deep && depth > max_depth + (array ? 2 : 1)) too_deep = item();
    return true;
  }
  bool scalar() {
    if (depth == 1) ++items;
    return true;
  }
  std::optional<std::size_t> item() const { return array && depth > 1 ? std::optional(items - 1) : std::nullopt; }

  std::size_t max_depth = 0;
  std::size_t at = 0;
  bool out_of_range = false;
  std::string number;
  bool array = false;  ///< the whole is one
  std::size_t depth = 0;
  std::size_t items = 0;  ///< of it, with the one that is being parsed
  std::optional<std::size_t> too_deep;
};

}  // namespace

JsonFault what_is_wrong(std::string_view text, std::size_t max_depth) {
  if (text.find_first_not_of(" \t\r\n") == std::string_view::npos) return {"it is empty"};
  FaultFinder finder;
  finder.max_depth = max_depth;
  // The parser takes a NUL byte for the end of the text; no JSON holds one.
  const auto nul = text.find('\0');
  const bool sound = nlohmann::json::sax_parse(text.substr(0, nul), &finder);
  if (!sound && finder.out_of_range)
    return {fmt::format("the number {} is beyond its range, at byte {}", finder.number, finder.at), finder.item()};
  if (!sound) return {fmt::format("the fault is at byte {}", finder.at), finder.item()};
  if (nul != std::string_view::npos) return {fmt::format("the fault is at byte {}", nul + 1)};
  return {fmt::format("it is nested deeper than {}", max_depth), finder.too_deep};
}

}  // namespace signalbox::server
