#include "net/application.hpp"

#include "base/assert.hpp"
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

std::string compact_head(const RequestHead& head) {
  std::size_t size = head.target.size() + 1;
  for (const auto& [name, value] : head.fields) size += name.size() + value.size() + 2;
  std::string out;
  out.reserve(size);
  (out += head.target) += '\n';
  for (const auto& [name, value] : head.fields) (((out += name) += ':') += value) += '\n';
  return out;
}

RequestHead parse_head(std::string_view head) {
  HeadParser parser(head.size() + 1, head.size() + 1);
  parser.feed(head);
  SB_ASSERT(parser.done() && !parser.failed());
  return parser.head(head);
}

}  // namespace signalbox::net
