#include "base/random.hpp"

#include <sys/random.h>

#include <string_view>

#include "base/assert.hpp"
#include "base/base64.hpp"

namespace signalbox {
namespace {

constexpr std::string_view kBase62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

}  // namespace

std::string random_id(std::size_t bytes) {
  // A block a thread: one system call for some forty ids. Used bytes are never handed out again.
  thread_local char block[256];
  thread_local std::size_t used = sizeof block;
  SB_ASSERT(bytes <= sizeof block);
  if (sizeof block - used < bytes) {
    SB_ASSERT(getrandom(block, sizeof block, 0) == sizeof block);
    used = 0;
  }
  std::string id = base64url_encode(std::string_view(block + used, bytes));
  used += bytes;
  return id;
}

// Bytes that would make the first characters likelier than the others are passed over.
std::string random_base62(std::size_t characters) {
  constexpr std::size_t kFair = 256 / kBase62.size() * kBase62.size();
  std::string text;
  while (text.size() < characters) {
    unsigned char bytes[64];
    SB_ASSERT(getrandom(bytes, sizeof bytes, 0) == sizeof bytes);
    for (const unsigned char byte : bytes)
      if (byte < kFair && text.size() < characters) text += kBase62[byte % kBase62.size()];
  }
  return text;
}

}  // namespace signalbox
