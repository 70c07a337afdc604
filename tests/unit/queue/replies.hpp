#pragma once
#include <string>
#include <vector>

#include "redis/reply.hpp"

// What Redis answers, made by hand.
namespace signalbox::queue::test {

inline redis::Reply text(std::string value) {
  return {.kind = redis::Reply::Kind::text, .text = std::move(value)};
}

inline redis::Reply list(const std::vector<std::string>& values) {
  redis::Reply out{.kind = redis::Reply::Kind::array};
  for (const std::string& value : values) out.elements.push_back(text(value));
  return out;
}

/// An entry of a stream.
inline redis::Reply entry(std::string id, const std::vector<std::string>& fields) {
  redis::Reply out{.kind = redis::Reply::Kind::array};
  out.elements = {text(std::move(id)), list(fields)};
  return out;
}

}  // namespace signalbox::queue::test
