#pragma once
#include <cstdint>
#include <memory>
#include <vector>

#include "base/clock.hpp"
#include "base/message.hpp"
#include "hub/hub.hpp"

namespace signalbox::hub {

/// The receipts that a client owes: for outcomes, and for what numbered outboxes keep.
///
/// thread  the client's shard.
class Receipts {
 public:
  /// Asks for one of all that was sent so far; it counts for the outcomes up to `number` of that socket's user.
  void ask_for_outcomes(const Hub& hub, Link& link, const SocketRef& socket, std::uint64_t number) {
    Receipt* const added = await(link, {.socket = socket, .number = number});
    if (added) added->asked_at = hub.clocks.steady();
  }
  /// Asks for one of what that socket was sent so far, up to `number` of its numbered outbox.
  void ask_for_outbox(Link& link, const SocketRef& socket, std::uint64_t number) {
    await(link, {.socket = socket, .of_outcomes = false, .number = number});
  }
  /// The client has answered the ping of that marker: it has received all before it.
  void on_received(std::uint32_t marker, LocalSockets& local, TimePoint now);

  TimePoint next_deadline() const { return awaited_ ? awaited_->front().counts_at : kNever; }
  /// Those whose time has come take effect.
  void on_timer(const Hub& hub, TimePoint now);

 private:
  /// For outcomes it takes effect a second after it came, if the socket is still here then: a client that closed
  /// meanwhile may not have shown what it received.
  struct Receipt {
    std::uint32_t marker = 0;
    SocketRef socket;
    bool of_outcomes = true;  ///< else for an outbox, at once
    std::uint64_t number;
    TimePoint asked_at{};          ///< of outcomes
    TimePoint counts_at = kNever;  ///< kNever: it has not come
  };
  /// Null: one that is awaited already counts for this as well.
  Receipt* await(Link& link, Receipt receipt);
  void free_if_empty();

  std::unique_ptr<std::vector<Receipt>> awaited_;  ///< by marker, which rises from 1 on; null: none is
};

}  // namespace signalbox::hub
