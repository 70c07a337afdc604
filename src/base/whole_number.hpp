#pragma once
#include <charconv>
#include <concepts>
#include <optional>
#include <string_view>
#include <system_error>

namespace signalbox {

/// The number that these decimal digits write. Nothing if anything else stands there, or it is too large.
template <std::unsigned_integral Number>
std::optional<Number> whole_number(std::string_view digits) {
  Number number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return number;
}

}  // namespace signalbox
