#include "recovery/broadcast_numbers.hpp"

#include <algorithm>
#include <iterator>

namespace signalbox::recovery {

void BroadcastNumbers::add(const Block& block) {
  if (!blocks_.empty()) {
    Block& last = blocks_.back();
    if (last.number + last.count == block.number && last.sequence + last.count == block.sequence) {
      last.count += block.count;
      return;
    }
  }
  blocks_.push_back(block);
}

std::optional<std::uint64_t> BroadcastNumbers::sequence_of(std::uint64_t number) const {
  const auto behind = std::ranges::upper_bound(blocks_, number, {}, &Block::number);
  if (behind == blocks_.begin()) return std::nullopt;
  const Block& block = *std::prev(behind);
  if (number - block.number >= block.count) return std::nullopt;
  return block.sequence + (number - block.number);
}

void BroadcastNumbers::forget(std::uint64_t sequence) {
  while (!blocks_.empty() && blocks_.front().sequence + blocks_.front().count - 1 < sequence) blocks_.pop_front();
}

}  // namespace signalbox::recovery
