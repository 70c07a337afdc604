#pragma once
#include <cstddef>

#include "hub/event_budget.hpp"
#include "hub/hub.hpp"

namespace signalbox::hub {

class Client;  // hub/client.hpp

/// How fast a client is read: what it sends and what it asks for counts in CLIENT_EVENTS_PER_S.
///
/// thread  the client's shard.
class Pace {
 public:
  Pace(const Hub& hub, TimePoint now) : budget_(hub.config.client_events_per_s, now) {}

  void spend(Client& client, TimePoint now, float packets = 1);
  /// So many events and bytes that it asked for: SEND_QUEUE_BYTES of them as a second's worth of packets.
  void spend_answer(Client& client, std::size_t bytes, std::size_t events = 0);

  /// When it is read again; kNever: it is.
  TimePoint next_deadline(const Hub& hub) const {
    return held_ ? budget_.refilled_at(hub.config.client_events_per_s) : kNever;
  }
  void on_timer(Client& client, TimePoint now);

 private:
  [[no_unique_address]] EventBudget budget_;  // so that the flag stands in its padding
  bool held_ = false;                         ///< not read until the budget is refilled
};

}  // namespace signalbox::hub
