#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace signalbox::redis {

/// One answer of Redis. `kind` says which of the members counts.
struct Reply {
  enum class Kind : std::uint8_t { nil, integer, text, status, error, array };

  Kind kind = Kind::nil;
  std::int64_t number = 0;
  std::string text{};  ///< of text, status and error: any bytes
  std::vector<Reply> elements{};

  bool is_nil() const { return kind == Kind::nil; }
  bool operator==(const Reply&) const = default;
};

}  // namespace signalbox::redis
