#include "base/json_value.hpp"

#include "base/json_write.hpp"

namespace signalbox {
namespace {

bool append_array(std::string& out, const json::array_t& items, std::size_t max_depth) {
  if (max_depth == 0) return false;
  out += '[';
  bool first = true;
  for (const json& item : items) {
    if (!first) out += ',';
    first = false;
    if (!append_json(out, item, max_depth - 1)) return false;
  }
  out += ']';
  return true;
}

bool append_object(std::string& out, const json::object_t& members, std::size_t max_depth) {
  if (max_depth == 0) return false;
  out += '{';
  bool first = true;
  for (const auto& [name, value] : members) {
    if (!first) out += ',';
    first = false;
    append_json_string(out, name);
    out += ':';
    if (!append_json(out, value, max_depth - 1)) return false;
  }
  out += '}';
  return true;
}

}  // namespace

bool append_json(std::string& out, const json& value, std::size_t max_depth) {
  switch (value.type()) {
    case json::value_t::null:
      out += "null";
      return true;
    case json::value_t::boolean:
      out += value.get<bool>() ? "true" : "false";
      return true;
    case json::value_t::number_integer:
      append_int(out, value.get<std::int64_t>());
      return true;
    case json::value_t::number_unsigned:
      append_unsigned(out, value.get<std::uint64_t>());
      return true;
    case json::value_t::number_float:
      append_double(out, value.get<double>());
      return true;
    case json::value_t::string:
      append_json_string(out, value.get_ref<const std::string&>());
      return true;
    case json::value_t::array:
      return append_array(out, value.get_ref<const json::array_t&>(), max_depth);
    case json::value_t::object:
      return append_object(out, value.get_ref<const json::object_t&>(), max_depth);
    case json::value_t::binary:  // an object of its bytes, as nlohmann prints it
      out += value.dump();
      return true;
    case json::value_t::discarded:
      break;
  }
  return false;
}

}  // namespace signalbox
