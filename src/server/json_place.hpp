#pragma once
#include <cstddef>
#include <string>
#include <string_view>

namespace signalbox::server {

/// What a person needs to mend JSON that valid_json() refused: what is wrong, and at which byte where that is known.
std::string what_is_wrong(std::string_view text, std::size_t max_depth);

}  // namespace signalbox::server
