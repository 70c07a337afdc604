#include "base/random.hpp"

#include <sys/random.h>

#include <string_view>

#include "base/assert.hpp"
#include "base/base64.hpp"

namespace signalbox {

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

}  // namespace signalbox
