#include "recovery/pid.hpp"

#include <algorithm>

#include "base/random.hpp"

namespace signalbox::recovery {
namespace {

constexpr std::size_t kRandomBytes = 15, kRandomCharacters = 20;  // as hard to guess as a session's id
constexpr std::size_t kMostTag = 16;

bool letter_or_digit(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

}  // namespace

std::string make_pid(std::string_view node) {
  return std::string(node) + random_id(kRandomBytes);
}

std::string_view node_of(std::string_view pid) {
  if (pid.size() <= kRandomCharacters || pid.size() > kMostTag + kRandomCharacters) return {};
  const std::string_view tag = pid.substr(0, pid.size() - kRandomCharacters);
  return std::ranges::all_of(tag, letter_or_digit) ? tag : std::string_view();
}

}  // namespace signalbox::recovery
