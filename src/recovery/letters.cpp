#include "recovery/letters.hpp"

#include <signalbox/json_text.hpp>

namespace signalbox::recovery {
namespace {

std::string text_member(std::string_view object, std::string_view name) {
  const auto value = json_member(object, name);
  return value ? json_string(*value).value_or("") : "";
}

}  // namespace

std::optional<Wish> read_wish(std::string_view auth) {
  Wish wish{.pid = text_member(auth, "pid"), .offset = {}};
  if (wish.pid.empty()) return std::nullopt;
  wish.offset = text_member(auth, "offset");
  return wish;
}

}  // namespace signalbox::recovery
