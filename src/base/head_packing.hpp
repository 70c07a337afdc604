#pragma once
#include <string>
#include <string_view>

namespace signalbox {

// A request's head in less memory: what many clients' lines begin with is one byte.

/// Appends a field to a packed head; the target comes first, as the value of no name. There is no \n in either, no
/// field has an empty name, and no name or target begins with a byte of 128 or more.
void pack_line(std::string& packed, std::string_view name, std::string_view value);
/// The lines, which end in \n: the target, then "name:value" for each field.
std::string unpack_head(std::string_view packed);

}  // namespace signalbox
