#include "recovery/offset.hpp"

#include "base/whole_number.hpp"

namespace signalbox::recovery {
std::string to_text(const Offset& offset) {
  return std::string(offset.run) + '.' + std::to_string(offset.shard) + '.' + std::to_string(offset.number);
}

std::optional<Offset> read_offset(std::string_view text) {
  const std::size_t first = text.find('.'), last = text.rfind('.');
  if (first == text.npos || first == last) return std::nullopt;
  const auto shard = whole_number<std::uint32_t>(text.substr(first + 1, last - first - 1));
  const auto number = whole_number<std::uint64_t>(text.substr(last + 1));
  if (!shard || !number) return std::nullopt;
  return Offset{.run = text.substr(0, first), .shard = *shard, .number = *number};
}

}  // namespace signalbox::recovery
