#include "hub/offset.hpp"

#include <charconv>

namespace signalbox::hub {
namespace {

template <class Number>
std::optional<Number> read_number(std::string_view text) {
  Number value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

std::string to_text(const Offset& offset) {
  return std::string(offset.run) + '.' + std::to_string(offset.shard) + '.' + std::to_string(offset.number);
}

std::optional<Offset> read_offset(std::string_view text) {
  const std::size_t first = text.find('.'), last = text.rfind('.');
  if (first == text.npos || first == last) return std::nullopt;
  const auto shard = read_number<std::uint32_t>(text.substr(first + 1, last - first - 1));
  const auto number = read_number<std::uint64_t>(text.substr(last + 1));
  if (!shard || !number) return std::nullopt;
  return Offset{.run = text.substr(0, first), .shard = *shard, .number = *number};
}

}  // namespace signalbox::hub
