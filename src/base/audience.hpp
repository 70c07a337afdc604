#pragma once
#include <cstdint>
#include <string_view>
#include <utility>

#include "base/frame.hpp"
#include "base/text.hpp"

namespace signalbox {

/// For which users a broadcast is: all, or all but one. A copy costs no memory, for each shard and each socket's
/// history keeps one.
class Audience {
 public:
  static Audience all() { return {}; }
  /// All but the user whom `about` tells of: its key is that user's id.
  static Audience all_but(FrameRef about) { return Audience(std::move(about)); }

  bool has(std::string_view user) const { return !except_ || user != except_->key(); }
  /// The same for a caller that asks often and keeps hash_of(user).
  bool has(std::string_view user, std::uint32_t hash) const { return hash != hash_ || has(user); }
  static std::uint32_t hash_of(std::string_view user) { return static_cast<std::uint32_t>(TextHash{}(user)); }

 private:
  Audience() = default;
  explicit Audience(FrameRef about) : except_(std::move(about)), hash_(hash_of(except_->key())) {}

  FrameRef except_;  ///< null: nobody
  std::uint32_t hash_ = 0;
};

}  // namespace signalbox
