#include "cluster/incoming_events.hpp"

#include <string>
#include <utility>

namespace signalbox::cluster {

// Of users who are not here others tell, or nobody.
void IncomingEvents::take(const RelayedEvent& event) {
  if (!event.user.empty() && !guests_.has(event.user)) return;
  auto frame = frame_of(event, json_depth_);
  if (!frame) return counts_.unreadable.reached({{"why", std::string(frame.error())}});
  counts_.events_in.fetch_add(1, std::memory_order_relaxed);
  if (event.user.empty()) {
    if (!emitter_.take_for_all(users::notice_of({*std::move(frame)})))
      counts_.refusals.events.reached({{"why", "the server is overloaded"}});
    return;
  }
  const users::EncodedEvent taken_over{*std::move(frame)};
  const OutcomeName name{.home = std::string(event.home), .row = event.row};
  const bool held = ledger_ && taken_over.kept_outcome() && !name.home.empty();
  if (held && (!name.valid() || name.home == ledger_->home()))
    return counts_.unreadable.reached({{"why", "it names no outcome of another node"}});
  if (held && ledger_->was_received(name)) return;
  const auto taken = directory_.take(event.user, taken_over, held ? ledger_->row_of(name) : 0);
  if (taken) return;
  counts_.refusals.events.reached({{"why", std::string(to_text(users::to_emit_error(taken.error())))}});
  if (held) ledger_->read_later(std::string(event.user));
}

}  // namespace signalbox::cluster
