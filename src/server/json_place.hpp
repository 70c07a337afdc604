#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace signalbox::server {

/// What a person or a program needs to mend JSON.
struct JsonFault {
  std::string what;                      ///< is wrong, and at which byte where that is known
  std::optional<std::size_t> item = {};  ///< of an array, in which the fault lies; nothing: in none of them
};

/// What is wrong with JSON that valid_json() refused: an event, or an array of such. `max_depth` bounds an event's
/// data.
JsonFault what_is_wrong(std::string_view text, std::size_t max_depth);

}  // namespace signalbox::server
