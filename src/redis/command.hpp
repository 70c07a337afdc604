#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace signalbox::redis {

/// A command's name and its arguments, any bytes. They need not live longer than the call that takes them.
using Command = std::vector<std::string_view>;

/// Appends it as Redis reads it. A command has at least its name.
void append_command(const Command& command, std::string& out);
/// At least as many bytes as append_command() appends.
std::size_t encoded_size(const Command& command);

}  // namespace signalbox::redis
