#pragma once
#include <string_view>

namespace signalbox {

/// Is this whole text well-formed UTF-8?
bool valid_utf8(std::string_view text) noexcept;

}  // namespace signalbox
