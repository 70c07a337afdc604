#include "base/json_members.hpp"

#include <algorithm>

#include "base/json_value.hpp"
#include "base/json_write.hpp"

namespace signalbox {
namespace {

/// Appends the value of a member.
struct ValueWriter {
  std::string& out;
  std::size_t max_depth;

  bool operator()(std::nullptr_t) const { return whole("null"); }
  bool operator()(bool value) const { return whole(value ? "true" : "false"); }
  bool operator()(std::int64_t value) const {
    append_int(out, value);
    return true;
  }
  bool operator()(std::uint64_t value) const {
    append_unsigned(out, value);
    return true;
  }
  bool operator()(double value) const {
    append_double(out, value);
    return true;
  }
  bool operator()(std::string_view text) const {
    append_json_string(out, text);
    return true;
  }
  bool operator()(const json* value) const { return append_json(out, *value, max_depth); }
  bool operator()(JsonMembers members) const { return append_json(out, members, max_depth); }

 private:
  bool whole(std::string_view text) const {
    append(out, text);
    return true;
  }
};

bool named_before(JsonMembers members, const JsonMember& member) {
  return std::any_of(members.begin(), &member, [&](const JsonMember& other) { return other.name() == member.name(); });
}

}  // namespace

bool append_json(std::string& out, JsonMembers members, std::size_t max_depth) {
  if (members.size() == 0) return ValueWriter{out, max_depth}(nullptr);
  if (max_depth == 0) return false;
  out += '{';
  for (const JsonMember& member : members) {
    if (named_before(members, member)) continue;
    if (&member != members.begin()) out += ',';
    append_json_string(out, member.name());
    out += ':';
    if (!std::visit(ValueWriter{out, max_depth - 1}, member.value())) return false;
  }
  out += '}';
  return true;
}

}  // namespace signalbox
