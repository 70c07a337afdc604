#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "base/text.hpp"

namespace signalbox {

/// For which users a broadcast is: all, or all but one.
class Audience {
 public:
  static Audience all() { return {}; }
  static Audience all_but(std::string_view user) { return Audience(user); }

  bool has(std::string_view user) const { return user != except_; }
  /// The same for a caller that asks often and keeps hash_of(user).
  bool has(std::string_view user, std::uint32_t hash) const { return hash != hash_ || has(user); }
  static std::uint32_t hash_of(std::string_view user) { return static_cast<std::uint32_t>(TextHash{}(user)); }

 private:
  Audience() = default;
  explicit Audience(std::string_view user) : except_(user), hash_(hash_of(user)) {}

  std::string except_;  ///< empty, as no user's id is: nobody
  std::uint32_t hash_ = 0;
};

}  // namespace signalbox
