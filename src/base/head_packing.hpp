#pragma once
#include <string>
#include <string_view>

namespace signalbox {

// A request's head in less memory: what many clients' lines begin with is one byte. Lines end in \n; a line that begins
// with a byte of 128 or more can stand in no head.

/// In its own memory.
void pack_head(std::string& head);
/// What pack_head() was given.
std::string unpack_head(std::string_view packed);

}  // namespace signalbox
