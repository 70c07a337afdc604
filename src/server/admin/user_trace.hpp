#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "hub/hub.hpp"
#include "hub/trace_row.hpp"
#include "net/network.hpp"
#include "server/idempotency.hpp"

namespace signalbox::server::admin {

/// Live traces of users, as answers that go on for a minute: each shard tells the lines of its sockets (hub::Traces),
/// one message at a time.
///
/// thread  the first shard's.
class UserTraces {
 public:
  static constexpr std::size_t kMost = 4;
  static constexpr std::chrono::seconds kLasts{60};

  UserTraces(hub::Hub& hub, net::Network& network) : hub_(hub), network_(network) {}

  /// What is asked for.
  struct Wish {
    std::string user;
    bool with_data = false;
    Digest session{};  ///< of whoever asks
  };

  /// Answers this request; nothing more is to be said. Or why not.
  std::optional<net::Response> follow(Wish wish, const net::RequestId& id, TimePoint now);
  /// Those that were asked for in that session end.
  void end_of(const Digest& session);

  TimePoint next_deadline() const;
  void on_timer(TimePoint now);

 private:
  class Follower;
  void order(const Follower& follower, const Wish& wish);
  void end(Follower& follower);
  void take(std::uint64_t number, unsigned shard, const hub::TraceRow::Lines& lines);
  void leave(const Follower& follower);

  hub::Hub& hub_;
  net::Network& network_;
  std::vector<Follower*> followers_;  ///< whose traces go on; their connections own them
  std::uint64_t last_ = 0;
};

}  // namespace signalbox::server::admin
