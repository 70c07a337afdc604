#pragma once
#include <string>

namespace app {

/// A fresh one for JWT_SECRET or API_KEY: 32 bytes of the kernel's randomness, in hexadecimal.
std::string random_secret();

}  // namespace app
