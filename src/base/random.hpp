#pragma once
#include <cstddef>
#include <string>

namespace signalbox {

/// Unguessable text: `bytes` bytes of the kernel's randomness as base64url. Any thread.
std::string random_id(std::size_t bytes);
/// Unguessable text of so many letters and digits. Any thread.
std::string random_base62(std::size_t characters);

}  // namespace signalbox
