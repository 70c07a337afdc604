#pragma once
#include <cstddef>
#include <deque>
#include <expected>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "server/idempotency.hpp"

namespace signalbox::server::admin {

/// Who has shown ADMIN_KEY. In memory, by digest alone: a restart ends all of them.
///
/// thread  one at a time.
class AdminSessions {
 public:
  static constexpr std::size_t kMost = 16;  ///< the oldest goes for one more
  static constexpr std::chrono::hours kLast{12};
  static constexpr std::size_t kWrongKeys = 10;  ///< a minute; then no key is looked at until it is over
  static constexpr std::chrono::minutes kWrongKeysWithin{1};

  explicit AdminSessions(std::string_view key) : key_(sha256(key)) {}

  /// Why there is no session. `wait`: no key is looked at before; zero: the key is wrong.
  struct Refusal {
    Milliseconds wait{0};
  };
  /// A new session's token, of 256 random bits.
  std::expected<std::string, Refusal> login(std::string_view key, TimePoint now);
  bool knows(std::string_view token, TimePoint now);
  void logout(std::string_view token);

 private:
  struct Session {
    Digest digest;
    TimePoint ends;
  };
  void drop_old(TimePoint now);

  const Digest key_;
  std::deque<Session> sessions_;  ///< the oldest first
  std::deque<TimePoint> wrong_;   ///< when wrong keys came, within the last minute
};

}  // namespace signalbox::server::admin
