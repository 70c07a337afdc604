#include "net/application.hpp"

#include "base/assert.hpp"
#include "base/head_packing.hpp"
#include "base/text.hpp"
#include "net/http_parser.hpp"

namespace signalbox::net {

std::optional<std::string_view> RequestHead::field(std::string_view name) const {
  for (const auto& [key, value] : fields)
    if (equal_ignoring_case(key, name)) return value;
  return std::nullopt;
}

std::size_t RequestHead::count(std::string_view name) const {
  std::size_t n = 0;
  for (const auto& field : fields) n += equal_ignoring_case(field.first, name);
  return n;
}

std::string packed_head(const RequestHead& head) {
  std::string out;
  out.reserve(256);  // a browser's takes some 200
  pack_line(out, {}, head.target);
  for (const auto& [name, value] : head.fields) pack_line(out, name, value);
  return out;
}

RequestHead parse_head(std::string_view head) {
  HeadParser parser(head.size() + 1, head.size() + 1);
  parser.feed(head);
  SB_ASSERT(parser.done() && !parser.failed());
  return parser.head(head);
}

}  // namespace signalbox::net
