#include "base/frame.hpp"

#include <cstring>
#include <new>

namespace signalbox {
namespace {

constexpr unsigned char kFinText = 0x81;
constexpr unsigned char kFinBinary = 0x82;

std::uint8_t header_size(std::size_t payload) {
  return payload < 126 ? 2 : payload < 65536 ? 4 : 10;
}

void write_header(char* out, bool binary, std::size_t payload) {
  out[0] = static_cast<char>(binary ? kFinBinary : kFinText);
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

}  // namespace

FrameRef make_frame(bool binary, FrameKind kind, std::string_view key, std::string_view first, std::string_view second,
                    std::string_view third) {
  const std::size_t payload = first.size() + second.size() + third.size();
  const std::uint8_t header = header_size(payload);
  void* memory = ::operator new(sizeof(Frame) + header + payload + key.size());
  auto* frame = new (memory) Frame;
  frame->size_ = static_cast<std::uint32_t>(header + payload);
  frame->key_size_ = static_cast<std::uint32_t>(key.size());
  frame->header_ = header;
  frame->binary_ = binary;
  frame->kind_ = kind;
  char* out = frame->bytes();
  write_header(out, binary, payload);
  out += header;
  for (std::string_view part : {first, second, third, key}) {
    if (!part.empty()) std::memcpy(out, part.data(), part.size());
    out += part.size();
  }
  return FrameRef(frame);
}

void FrameRef::release(Frame* frame) noexcept {
  frame->~Frame();
  ::operator delete(frame);
}

}  // namespace signalbox
