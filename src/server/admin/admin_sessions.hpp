#pragma once
#include <cstddef>
#include <deque>
#include <expected>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "net/application.hpp"
#include "server/idempotency.hpp"

namespace signalbox::server::admin {

/// Who has shown ADMIN_KEY. In memory, by digest alone: a restart ends all of them.
///
/// thread  one at a time.
class AdminSessions {
 public:
  static constexpr std::size_t kMost = 16;  ///< the oldest goes for one more
  static constexpr std::chrono::hours kLast{12};
  /// A minute, from one address (of IPv6, one network of 64 bits); then none of its keys is looked at until that is
  /// over. So nobody's mistakes lock others out.
  static constexpr std::size_t kWrongKeys = 10;
  static constexpr std::chrono::minutes kWrongKeysWithin{1};
  static constexpr std::size_t kWrongKeysKept = 1000;  ///< of all addresses; the oldest goes for one more

  explicit AdminSessions(std::string_view key) : key_(sha256(key)) {}

  /// Why there is no session. `wait`: no key is looked at before; zero: the key is wrong.
  struct Refusal {
    Milliseconds wait{0};
  };
  /// A new session's token, of 256 random bits.
  std::expected<std::string, Refusal> login(std::string_view key, const net::PeerAddress& from, TimePoint now);
  bool knows(std::string_view token, TimePoint now);
  void logout(std::string_view token);

 private:
  struct Session {
    Digest digest;
    TimePoint ends;
  };
  struct WrongKey {
    net::PeerAddress from;
    TimePoint at;
  };
  void drop_old(TimePoint now);
  Milliseconds wait_of(const net::PeerAddress& from, TimePoint now) const;
  void note_wrong(const net::PeerAddress& from, TimePoint now);

  const Digest key_;
  std::deque<Session> sessions_;  ///< the oldest first
  std::deque<WrongKey> wrong_;    ///< within the last minute, the oldest first
};

}  // namespace signalbox::server::admin
