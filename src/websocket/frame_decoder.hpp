#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "websocket/utf8.hpp"

namespace signalbox::websocket {

/// Why the connection must be closed, as it stands in the close frame. source  RFC 6455 §7.4.1.
enum class CloseCode : std::uint16_t {
  normal = 1000,
  going_away = 1001,
  protocol_error = 1002,
  none = 1005,  ///< a close frame without a code; never sent
  invalid_payload = 1007,
  policy_violation = 1008,
  too_big = 1009,
};

/// May this number stand in a close frame?
bool valid_close_code(std::uint16_t code);

/// What the decoder found next. `data` is valid until the next call of next(), and while the input it came from is.
struct Event {
  enum class Kind : std::uint8_t { need_more, text, binary, ping, pong, close };
  Kind kind = Kind::need_more;
  std::string_view data{};           ///< of a close: its reason
  CloseCode code = CloseCode::none;  ///< of a close
};

/// Whose frames are read: a client masks its own, a server does not.
enum class Peer : std::uint8_t { client, server };

/// A reader of WebSocket frames: bytes in, whole messages and control frames out. No I/O, no clock.
///
/// A message that lies whole in the input costs no copy: it is unmasked where it lies. Only what is unfinished is kept,
/// and a message over the limit is refused from its header, before a byte of it is. thread   its connection's shard.
/// source   RFC 6455 §5.
class FrameDecoder {
 public:
  explicit FrameDecoder(std::size_t max_message_bytes, std::uint32_t max_fragments = 1024, Peer peer = Peer::client)
      : max_message_(max_message_bytes), max_fragments_(max_fragments), peer_(peer) {}

  /// Takes bytes from the front of `input` until something is whole or the input is empty (then: need_more). Writes
  /// into `input`. After an error the decoder must not be used again.
  std::expected<Event, CloseCode> next(std::span<char>& input);

  /// Is nothing unfinished, so that a new decoder would do as well?
  bool at_rest() const { return !in_payload_ && header_read_ == 0 && !(partial_ && partial_->within_message); }
  /// How many bytes of an unfinished message are kept.
  std::size_t partial_bytes() const { return partial_ ? partial_->message.size() + partial_->control.size() : 0; }
  /// For the limit that changes when the client has logged in.
  void set_max_message(std::size_t bytes) { max_message_ = bytes; }

 private:
  enum class Opcode : std::uint8_t { continuation = 0, text = 1, binary = 2, close = 8, ping = 9, pong = 10 };
  struct Partial {
    std::string message;
    std::string control;
    Utf8Validator utf8;
    std::uint32_t fragments = 0;
    bool text = false;
    bool within_message = false;
  };

  Partial& partial();
  std::size_t length_size() const;
  std::size_t header_size() const { return 2 + length_size() + (peer_ == Peer::client ? 4 : 0); }
  /// So many bytes of it, those read before included. False: more are to come.
  bool fill_header(std::span<char>& input, std::size_t size);
  std::expected<bool, CloseCode> read_header(std::span<char>& input);
  std::expected<void, CloseCode> check_first_bytes() const;
  std::expected<void, CloseCode> begin_frame();
  std::expected<Event, CloseCode> end_frame(std::string_view whole_in_input);
  std::expected<Event, CloseCode> end_data(std::string_view whole_in_input);
  static std::expected<Event, CloseCode> end_control(Opcode opcode, std::string_view payload);
  void unmask(std::span<char> bytes);
  bool control() const { return (header_[0] & 0x08) != 0; }
  bool final() const { return (header_[0] & 0x80) != 0; }
  Opcode opcode() const { return static_cast<Opcode>(header_[0] & 0x0F); }

  std::size_t max_message_;
  std::uint64_t left_ = 0;              ///< payload bytes of this frame still to come
  std::unique_ptr<Partial> partial_{};  ///< only while something is unfinished
  std::uint32_t max_fragments_;
  std::array<unsigned char, 14> header_{};
  std::uint8_t header_read_ = 0;
  std::uint8_t mask_at_ = 0;
  bool in_payload_ = false;
  Peer peer_;
};

}  // namespace signalbox::websocket
