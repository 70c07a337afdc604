#include "websocket_client.hpp"

#include <openssl/evp.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

namespace app {
namespace {

constexpr std::uint8_t kText = 1, kClose = 8, kPing = 9, kPong = 10;
constexpr std::uint8_t kLast = 0x80, kMasked = 0x80, kShort = 125, kTwoBytes = 126, kEightBytes = 127;
constexpr std::size_t kMaxMessageBytes = 64u << 20;

template <std::size_t Size>
std::array<unsigned char, Size> random_bytes() {
  std::array<unsigned char, Size> bytes{};
  if (::getentropy(bytes.data(), bytes.size()) != 0)
    throw std::system_error(errno, std::generic_category(), "the kernel gives no random bytes");
  return bytes;
}

std::string base64(const unsigned char* bytes, std::size_t size) {
  std::string out(4 * ((size + 2) / 3) + 1, '\0');  // OpenSSL ends it with a zero
  out.resize(static_cast<std::size_t>(
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()), bytes, static_cast<int>(size))));
  return out;
}

/// What the server must answer to this key.
std::string accept_of(const std::string& key) {
  const std::string text = key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha1(), nullptr);
  return base64(digest.data(), size);
}

void append_big_endian(std::string& out, std::uint64_t number, unsigned bytes) {
  while (bytes-- > 0) out += static_cast<char>(number >> (8 * bytes) & 0xff);
}

std::uint64_t big_endian(std::string_view bytes) {
  std::uint64_t number = 0;
  for (const char c : bytes) number = number << 8 | static_cast<unsigned char>(c);
  return number;
}

}  // namespace

std::expected<WebSocketClient, HttpAnswer> WebSocketClient::open(HttpRequest upgrade) {
  const auto random = random_bytes<16>();
  const std::string key = base64(random.data(), random.size());
  for (const auto& [name, value] : HttpFields{{"Connection", "Upgrade"},
                                              {"Upgrade", "websocket"},
                                              {"Sec-WebSocket-Version", "13"},
                                              {"Sec-WebSocket-Key", key}})
    upgrade.fields.emplace_back(name, value);
  auto connection = std::make_unique<Connection>(upgrade.place, upgrade.timeout);
  connection->send(http_head(upgrade));
  std::string received;
  const HttpAnswer answer = http_read(*connection, received);
  if (answer.status != 101) return std::unexpected(answer);
  if (answer.field("Sec-WebSocket-Accept") != accept_of(key))
    throw HttpError("the upgrade's answer is not to this request: something between has kept another one");
  return WebSocketClient(std::move(connection), std::move(received));
}

void WebSocketClient::send(std::string_view text, std::chrono::milliseconds timeout) {
  connection_->set_timeout(timeout);
  send_frame(kText, text);
}

void WebSocketClient::send_frame(std::uint8_t opcode, std::string_view payload) {
  std::string frame(1, static_cast<char>(kLast | opcode));
  if (payload.size() <= kShort) {
    append_big_endian(frame, kMasked | payload.size(), 1);
  } else if (payload.size() <= 0xffff) {
    append_big_endian(frame, kMasked | kTwoBytes, 1);
    append_big_endian(frame, payload.size(), 2);
  } else {
    append_big_endian(frame, kMasked | kEightBytes, 1);
    append_big_endian(frame, payload.size(), 8);
  }
  const auto mask = random_bytes<4>();
  frame.append(mask.begin(), mask.end());
  for (std::size_t i = 0; i < payload.size(); ++i)
    frame += static_cast<char>(static_cast<unsigned char>(payload[i]) ^ mask[i % mask.size()]);
  connection_->send(frame);
}

/// The payload of the next frame, if it is all there. A server masks none.
std::optional<std::string> WebSocketClient::take_frame(std::uint8_t& opcode, bool& last) {
  if (received_.size() < 2) return std::nullopt;
  const auto first = static_cast<std::uint8_t>(received_[0]), second = static_cast<std::uint8_t>(received_[1]);
  const std::size_t length_bytes = second == kEightBytes ? 8 : second == kTwoBytes ? 2 : 0;
  if (second & kMasked) throw HttpError("the server masks its frames, which a server may not");
  if (received_.size() < 2 + length_bytes) return std::nullopt;
  const std::uint64_t size =
      length_bytes == 0 ? second : big_endian(std::string_view(received_).substr(2, length_bytes));
  if (size > kMaxMessageBytes) throw HttpError("a frame is too large");
  if (received_.size() < 2 + length_bytes + size) return std::nullopt;
  opcode = first & 0x0f;
  last = (first & kLast) != 0;
  std::string payload = received_.substr(2 + length_bytes, size);
  received_.erase(0, 2 + length_bytes + size);
  return payload;
}

std::optional<std::string> WebSocketClient::receive(std::chrono::milliseconds timeout) {
  connection_->set_timeout(timeout);
  std::string message;
  while (true) {
    std::uint8_t opcode = 0;
    bool last = false;
    const auto payload = take_frame(opcode, last);
    if (!payload) {
      if (!connection_->receive(received_)) throw HttpError("the connection ended without a close frame");
    } else if (opcode == kClose) {
      return std::nullopt;
    } else if (opcode == kPing) {
      send_frame(kPong, *payload);
    } else if (opcode != kPong) {
      if (message.size() + payload->size() > kMaxMessageBytes) throw HttpError("a message is too large");
      message += *payload;
      if (last) return message;
    }
  }
}

}  // namespace app
