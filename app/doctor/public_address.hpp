#pragma once
#include <string_view>

namespace app::doctor {

/// Is it an address of the internet, and not of this machine or of a network of one's own? source  RFC 6890.
bool is_public_address(std::string_view address);

}  // namespace app::doctor
