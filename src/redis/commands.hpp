#pragma once
#include "base/clock.hpp"
#include "redis/script.hpp"

namespace signalbox::redis {

/// What runs scripts in Redis.
///
/// thread  its owner's.
class Commands {
 public:
  static constexpr Milliseconds kPatience{5000};

  /// The answer is waited for so long.
  virtual void run(const Script& script, ScriptCall call, OnAnswer on_answer, Milliseconds patience = kPatience) = 0;

 protected:
  ~Commands() = default;
};

}  // namespace signalbox::redis
