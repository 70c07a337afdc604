#pragma once
#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "net/relay.hpp"
#include "net/shared.hpp"
#include "reactor/loop.hpp"

namespace signalbox::net {

/// The relays of a shard. The line of each is one end of a pair of sockets, whose other end is carried to the other
/// node as a client's upgrade.
///
/// thread  its shard's.
class Relays {
 public:
  Relays(Shared& shared, const reactor::Loop& loop) : shared_(shared), loop_(loop) {}

  /// SessionControl::relay_to().
  [[nodiscard]] bool open(SessionEntry& entry, std::string tag, const HandshakeRequest& handshake,
                          SessionControl::Relayed then);
  /// Is this event a relay's, and no connection's?
  static bool concerns(const reactor::KernelEvent& event) { return event.token >> 62 == kMark; }
  void on_event(const reactor::KernelEvent& event);

  bool has_touched() const { return !touched_.empty(); }
  void flush();
  TimePoint next_deadline() const { return patience_.empty() ? kNever : patience_.front().first; }
  void run_timers();

  // For one of them.
  const Options& options() const { return shared_.options; }
  reactor::Kernel& kernel() const { return loop_.kernel(); }
  TimePoint now() const { return loop_.now(); }
  std::span<char> scratch();
  static std::uint64_t token_of(const Relay& relay) { return kMark << 62 | relay.number(); }
  void touch(const Relay& relay) { touched_.push_back(relay.number()); }
  /// Calls Relay::on_patience_over() at that time, if it is still there.
  TimePoint wait_for(const Relay& relay);
  void count_opened() { shared_.relayed.fetch_add(1, std::memory_order_relaxed); }

 private:
  static constexpr std::uint64_t kMark = 3;  ///< connections have 0 or 1 there, listeners 2

  Relay* find(std::uint32_t number) const;

  Shared& shared_;
  const reactor::Loop& loop_;
  std::unordered_map<std::uint32_t, std::unique_ptr<Relay>> relays_;
  std::vector<std::uint32_t> touched_;
  std::deque<std::pair<TimePoint, std::uint32_t>> patience_;
  std::uint32_t last_ = 0;
  std::unique_ptr<char[]> scratch_;  ///< once there is a relay
};

}  // namespace signalbox::net
