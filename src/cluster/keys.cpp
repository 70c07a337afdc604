#include "cluster/keys.hpp"

#include <array>
#include <cstdint>

#include "base/assert.hpp"

namespace signalbox::cluster {
namespace {

constexpr unsigned kSlots = 16'384;

/// CRC-16/XMODEM.
constexpr auto kCrc = [] {
  std::array<std::uint16_t, 256> table{};
  for (unsigned byte = 0; byte < table.size(); ++byte) {
    auto crc = static_cast<std::uint16_t>(byte << 8);
    for (int bit = 0; bit < 8; ++bit) crc = static_cast<std::uint16_t>(crc & 0x8000 ? crc << 1 ^ 0x1021 : crc << 1);
    table[byte] = crc;
  }
  return table;
}();

std::string_view hash_tag(std::string_view key) {
  const std::size_t open = key.find('{');
  if (open == std::string_view::npos) return key;
  const std::size_t close = key.find('}', open + 1);
  if (close == std::string_view::npos || close == open + 1) return key;
  return key.substr(open + 1, close - open - 1);
}

/// "17.203": the first that lies in this partition's part of the slots.
std::string tag_of(unsigned partition, unsigned partitions) {
  for (unsigned attempt = 0;; ++attempt) {
    std::string tag = std::to_string(partition) + "." + std::to_string(attempt);
    if (slot_of(tag) * partitions / kSlots == partition) return tag;
  }
}

/// Without what ends a hash tag, and what a pattern takes for its own.
std::string escaped(std::string_view user) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string out;
  for (const char c : user) {
    if (!std::string_view("{}*?[]\\% ").contains(c)) {
      out += c;
      continue;
    }
    out += '%';
    out += kDigits[static_cast<unsigned char>(c) >> 4];
    out += kDigits[static_cast<unsigned char>(c) & 15];
  }
  return out;
}

}  // namespace

unsigned slot_of(std::string_view key) {
  std::uint16_t crc = 0;
  for (const char c : hash_tag(key))
    crc = static_cast<std::uint16_t>(crc << 8 ^ kCrc[(crc >> 8 ^ static_cast<std::uint8_t>(c)) & 0xFF]);
  return crc % kSlots;
}

Keys::Keys(std::string_view prefix, unsigned database, unsigned partitions)
    : prefix_(prefix), channel_prefix_(prefix_ + ":" + std::to_string(database)) {
  SB_ASSERT(partitions != 0 && partitions <= kSlots);
  for (unsigned i = 0; i < partitions; ++i) tags_.push_back(tag_of(i, partitions));
}

std::string Keys::key(unsigned partition, std::string_view what) const {
  return prefix_ + ":{" + tags_[partition] + "}" + std::string(what);
}

std::string Keys::of_node(unsigned partition, std::string_view node) const {
  return key(partition, ":n:") + std::string(node);
}

Keys::OfUser Keys::jobs_of(std::string_view user) const {
  const std::string begin = prefix_ + ":{o:" + escaped(user) + "}";
  return {.order = begin + ":i",
          .packets = begin + ":p",
          .received = begin + ":h",
          .progress = begin + ":g",
          .jobs = begin + ":j",
          .over = begin + ":o",
          .emitted = begin + ":e"};
}

std::string Keys::changes(unsigned partition) const {
  return channel_prefix_ + ":{" + tags_[partition] + "}:ev";
}

}  // namespace signalbox::cluster
