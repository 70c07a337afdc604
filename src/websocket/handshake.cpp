#include "websocket/handshake.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <memory>

namespace signalbox::websocket {
namespace {

constexpr std::string_view kGuid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Asked of OpenSSL once: EVP_sha1() would have it looked up at each use.
const EVP_MD* sha1() {
  static const std::unique_ptr<EVP_MD, decltype(&EVP_MD_free)> one(EVP_MD_fetch(nullptr, "SHA1", nullptr), EVP_MD_free);
  return one.get();
}

}  // namespace

bool valid_key(std::string_view key) {
  if (key.size() != 24 || !key.ends_with("==")) return false;
  // 16 bytes are 21 characters and the upper two bits of a 22nd, whose lower four must be 0.
  return std::all_of(key.begin(), key.begin() + 22, [](char c) { return kAlphabet.contains(c); }) &&
         kAlphabet.find(key[21]) % 16 == 0;
}

std::string accept_key(std::string_view key) {
  std::string text(key);
  text += kGuid;
  std::array<unsigned char, 20> digest{};
  unsigned size = 0;
  EVP_Digest(text.data(), text.size(), digest.data(), &size, sha1(), nullptr);
  std::array<unsigned char, 29> encoded{};
  const int length = EVP_EncodeBlock(encoded.data(), digest.data(), static_cast<int>(digest.size()));
  return {reinterpret_cast<const char*>(encoded.data()), static_cast<std::size_t>(length)};
}

}  // namespace signalbox::websocket
