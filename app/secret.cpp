#include "secret.hpp"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

namespace app {

std::string random_secret() {
  constexpr char kDigits[] = "0123456789abcdef";
  std::array<unsigned char, 32> bytes{};
  if (::getentropy(bytes.data(), bytes.size()) != 0)
    throw std::system_error(errno, std::generic_category(), "the kernel gives no random bytes");
  std::string out;
  for (const unsigned char byte : bytes) out += {kDigits[byte >> 4], kDigits[byte & 15]};
  return out;
}

}  // namespace app
