#include "websocket/frame_decoder.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "base/utf8.hpp"

namespace signalbox::websocket {
namespace {

constexpr std::size_t kMaxControlPayload = 125;

}  // namespace

bool valid_close_code(std::uint16_t code) {
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
}

FrameDecoder::Partial& FrameDecoder::partial() {
  if (!partial_) partial_ = std::make_unique<Partial>();
  return *partial_;
}

std::size_t FrameDecoder::length_size() const {
  const unsigned length = header_[1] & 0x7F;
  return length == 126 ? 2 : length == 127 ? 8 : 0;
}

std::expected<void, CloseCode> FrameDecoder::check_first_bytes() const {
  const unsigned code = header_[0] & 0x0F;
  const bool known = code <= 2 || (code >= 8 && code <= 10);
  const bool reserved_bits = (header_[0] & 0x70) != 0;
  const bool masked = (header_[1] & 0x80) != 0;
  if (!known || reserved_bits || masked != (peer_ == Peer::client)) return std::unexpected(CloseCode::protocol_error);
  // Control frames are short and whole, so that they can stand between the fragments of a message.
  if (control() && (!final() || (header_[1] & 0x7F) > kMaxControlPayload)) {
    return std::unexpected(CloseCode::protocol_error);
  }
  return {};
}

bool FrameDecoder::fill_header(std::span<char>& input, std::size_t size) {
  const std::size_t taken = std::min(size - header_read_, input.size());
  std::copy_n(input.begin(), taken, header_.begin() + header_read_);
  header_read_ = static_cast<std::uint8_t>(header_read_ + taken);
  input = input.subspan(taken);
  return header_read_ == size;
}

std::expected<bool, CloseCode> FrameDecoder::read_header(std::span<char>& input) {
  if (header_read_ < 2) {
    if (!fill_header(input, 2)) return false;
    if (auto ok = check_first_bytes(); !ok) return std::unexpected(ok.error());
  }
  return fill_header(input, header_size());
}

std::expected<void, CloseCode> FrameDecoder::begin_frame() {
  const std::size_t length_bytes = length_size();
  left_ = header_[1] & 0x7F;
  if (length_bytes > 0) {
    left_ = 0;
    for (std::size_t i = 0; i < length_bytes; ++i) left_ = left_ << 8 | header_[2 + i];
    const bool minimal = length_bytes == 2 ? left_ >= 126 : left_ >= 65536 && left_ >> 63 == 0;
    if (!minimal) return std::unexpected(CloseCode::protocol_error);
  }
  mask_at_ = 0;
  in_payload_ = true;
  if (control()) return {};

  const bool within = partial_ && partial_->within_message;
  if ((opcode() == Opcode::continuation) != within) return std::unexpected(CloseCode::protocol_error);
  const std::size_t so_far = within ? partial_->message.size() : 0;
  if (left_ > max_message_ || so_far + left_ > max_message_) return std::unexpected(CloseCode::too_big);
  if (!within && !final()) {
    partial().within_message = true;
    partial_->text = opcode() == Opcode::text;
  }
  if (partial_ && partial_->within_message && ++partial_->fragments > max_fragments_) {
    return std::unexpected(CloseCode::policy_violation);
  }
  return {};
}

void FrameDecoder::unmask(std::span<char> bytes) {
  if (peer_ == Peer::server) return;
  const unsigned char* key = header_.data() + header_size() - 4;
  // Eight bytes at a time: the key, turned to where this piece begins in it, twice.
  std::array<unsigned char, 8> turned;
  for (std::size_t i = 0; i < turned.size(); ++i) turned[i] = key[(mask_at_ + i) & 3];
  std::uint64_t mask = 0;
  std::memcpy(&mask, turned.data(), sizeof mask);
  char* at = bytes.data();
  std::size_t left = bytes.size();
  for (; left >= sizeof mask; at += sizeof mask, left -= sizeof mask) {
    std::uint64_t word = 0;
    std::memcpy(&word, at, sizeof word);
    word ^= mask;
    std::memcpy(at, &word, sizeof word);
  }
  for (std::size_t i = 0; i < left; ++i) at[i] = static_cast<char>(static_cast<unsigned char>(at[i]) ^ turned[i]);
  mask_at_ = (mask_at_ + bytes.size()) & 3;
}

std::expected<Event, CloseCode> FrameDecoder::next(std::span<char>& input) {
  for (;;) {
    if (!in_payload_) {
      // The last message or control frame was handed out by the call before: nobody reads it now.
      if (partial_ && header_read_ == 0) {
        partial_->control.clear();
        if (!partial_->within_message) partial_.reset();
      }
      auto whole = read_header(input);
      if (!whole) return std::unexpected(whole.error());
      if (!*whole) return Event{};
      if (auto ok = begin_frame(); !ok) return std::unexpected(ok.error());
    }
    const std::span<char> piece = input.first(std::min<std::uint64_t>(left_, input.size()));
    input = input.subspan(piece.size());
    const bool begun_before =
        partial_ && (control() ? !partial_->control.empty() : partial_->within_message || !partial_->message.empty());
    unmask(piece);
    left_ -= piece.size();
    const std::string_view bytes(piece.data(), piece.size());
    if (left_ == 0 && !begun_before) {
      in_payload_ = false;
      header_read_ = 0;
      return end_frame(bytes);
    }
    if (!piece.empty()) {
      if (!control() && !begun_before) partial().text = opcode() == Opcode::text;
      (control() ? partial().control : partial().message).append(bytes);
      if (!control() && partial_->text && !partial_->utf8.feed(bytes))
        return std::unexpected(CloseCode::invalid_payload);
    }
    if (left_ > 0) return Event{};
    in_payload_ = false;
    header_read_ = 0;
    if (!control() && !final()) continue;
    return end_frame({});
  }
}

std::expected<Event, CloseCode> FrameDecoder::end_frame(std::string_view whole_in_input) {
  if (!control()) return end_data(whole_in_input);
  const bool kept = partial_ && !partial_->control.empty();
  return end_control(opcode(), kept ? std::string_view(partial_->control) : whole_in_input);
}

std::expected<Event, CloseCode> FrameDecoder::end_data(std::string_view whole_in_input) {
  const bool in_parts = partial_ && (partial_->within_message || !partial_->message.empty());
  if (!in_parts) {
    const bool text = opcode() == Opcode::text;
    if (text && !valid_utf8(whole_in_input)) return std::unexpected(CloseCode::invalid_payload);
    return Event{.kind = text ? Event::Kind::text : Event::Kind::binary, .data = whole_in_input};
  }
  if (partial_->text && !partial_->utf8.complete()) return std::unexpected(CloseCode::invalid_payload);
  partial_->within_message = false;
  return Event{.kind = partial_->text ? Event::Kind::text : Event::Kind::binary, .data = partial_->message};
}

std::expected<Event, CloseCode> FrameDecoder::end_control(Opcode opcode, std::string_view payload) {
  if (opcode == Opcode::ping) return Event{.kind = Event::Kind::ping, .data = payload};
  if (opcode == Opcode::pong) return Event{.kind = Event::Kind::pong, .data = payload};
  if (payload.empty()) return Event{.kind = Event::Kind::close};
  if (payload.size() == 1) return std::unexpected(CloseCode::protocol_error);
  const auto high = static_cast<unsigned char>(payload[0]), low = static_cast<unsigned char>(payload[1]);
  const auto code = static_cast<std::uint16_t>(high << 8 | low);
  if (!valid_close_code(code)) return std::unexpected(CloseCode::protocol_error);
  payload.remove_prefix(2);
  if (!valid_utf8(payload)) return std::unexpected(CloseCode::invalid_payload);
  return Event{.kind = Event::Kind::close, .data = payload, .code = static_cast<CloseCode>(code)};
}

}  // namespace signalbox::websocket
