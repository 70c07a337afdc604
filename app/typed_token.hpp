#pragma once
#include <string>

namespace app {

/// The token of a command line: itself, or for "-" the first line of the standard input, which no list of processes
/// shows.
std::string typed_token(const std::string& argument);

}  // namespace app
