#pragma once
#include <cstddef>
#include <string>

#include <signalbox/json_members.hpp>

namespace signalbox {

/// Appends an object of these members, or null if there are none: the same text as that of a `json` made of them. Of
/// members with the same name the first counts. False: it is nested deeper than `max_depth`, or one of its values is no
/// value, and what was appended is of no use.
bool append_json(std::string& out, JsonMembers members, std::size_t max_depth);

}  // namespace signalbox
