#pragma once
#include <string>
#include <string_view>

#include "base/head_packing.hpp"

namespace signalbox {

/// The packed head of these lines, which end in \n: the target, then "name:value" for each field.
inline std::string packed_lines(std::string_view lines) {
  std::string out;
  for (bool target = true; !lines.empty(); target = false) {
    const std::string_view line = lines.substr(0, lines.find('\n'));
    const std::size_t colon = target ? 0 : line.find(':');
    pack_line(out, line.substr(0, colon), line.substr(target ? 0 : colon + 1));
    lines.remove_prefix(line.size() + 1);
  }
  return out;
}

}  // namespace signalbox
