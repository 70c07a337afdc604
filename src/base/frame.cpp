#include "base/frame.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <new>
#include <optional>
#include <span>

#include "base/assert.hpp"

namespace signalbox {
namespace {

std::uint8_t header_size(std::size_t payload) {
  return payload < 126 ? 2 : payload < 65536 ? 4 : 10;
}

void write_header(char* out, char first, std::size_t payload) {
  out[0] = first;
  int length_bytes = 0;
  if (payload < 126) {
    out[1] = static_cast<char>(payload);
  } else if (payload < 65536) {
    out[1] = 126;
    length_bytes = 2;
  } else {
    out[1] = 127;
    length_bytes = 8;
  }
  for (int i = 0; i < length_bytes; ++i) out[2 + i] = static_cast<char>(payload >> (8 * (length_bytes - 1 - i)));
}

/// Where the key stands in the joined parts, if it is a slice of one.
std::optional<std::size_t> place_of(std::string_view key, std::span<const std::string_view> parts) {
  std::size_t before = 0;
  for (const std::string_view part : parts) {
    const auto at = reinterpret_cast<std::uintptr_t>(key.data()) - reinterpret_cast<std::uintptr_t>(part.data());
    if (at < part.size() && key.size() <= part.size() - at) return before + at;
    before += part.size();
  }
  return std::nullopt;
}

}  // namespace

FrameRef make_frame(bool binary, FrameKind kind, std::string_view key, std::string_view first, std::string_view second,
                    std::string_view third) {
  const std::array parts{first, second, third};
  const std::size_t payload = first.size() + second.size() + third.size();
  SB_ASSERT(payload <= kMaxPacketBytes && key.size() <= kMaxPacketBytes);
  const std::uint8_t header = header_size(payload);
  const bool tailed = key.size() > kTailBytes && key[key.size() - kTailBytes] == kTailMark;
  const std::size_t key_at = header + place_of(key, parts).value_or(UINT8_MAX);
  const bool behind = tailed || key_at > UINT8_MAX;
  void* memory = ::operator new(sizeof(Frame) + header + payload + (behind ? key.size() : 0));
  auto* frame = new (memory) Frame;
  frame->size_ = static_cast<std::uint32_t>(header + payload);
  frame->key_size_ =
      static_cast<std::uint16_t>(std::min<std::size_t>(key.size() - (tailed ? kTailBytes : 0), UINT16_MAX));
  frame->key_at_ = tailed ? Frame::kTailed : behind ? Frame::kBehind : static_cast<std::uint8_t>(key_at);
  frame->kind_ = kind;
  char* out = frame->bytes();
  write_header(out, binary ? Frame::kFinBinary : Frame::kFinText, payload);
  out += header;
  for (const std::string_view part : parts) {
    if (!part.empty()) std::memcpy(out, part.data(), part.size());
    out += part.size();
  }
  if (behind && !key.empty()) std::memcpy(out, key.data(), key.size());
  return FrameRef(frame);
}

void FrameRef::release(Frame* frame) noexcept {
  frame->~Frame();
  ::operator delete(frame);
}

}  // namespace signalbox
