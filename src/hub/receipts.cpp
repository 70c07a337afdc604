#include "hub/receipts.hpp"

#include <algorithm>

#include "hub/local_sockets.hpp"
#include "hub/socket_state.hpp"

namespace signalbox::hub {

// All that waits for the same ping is confirmed by one pong: a client that answers none owes one receipt, however much
// it is sent.
void Receipts::await(Link& link, const Receipt& receipt) {
  const Receipt* last = awaited_.empty() ? nullptr : &awaited_.back();
  const bool more_of_it = last && last->socket == receipt.socket && last->of_outcomes == receipt.of_outcomes;
  if (more_of_it && link.wants(last_marker_)) {
    awaited_.back().number = std::max(last->number, receipt.number);
    return;
  }
  awaited_.push_back(receipt);
  link.confirm(++last_marker_);
}

void Receipts::on_received(std::uint64_t marker, LocalSockets& local, TimePoint now) {
  constexpr std::chrono::seconds kSecond{1};
  std::erase_if(awaited_, [&](const Receipt& receipt) {
    if (receipt.of_outcomes || receipt.marker > marker) return false;
    local.outboxes().received(receipt.socket, receipt.number);
    return true;
  });
  for (Receipt& receipt : awaited_) {
    if (receipt.marker > marker) break;
    if (receipt.counts_at == kNever) receipt.counts_at = now + kSecond;
  }
}

void Receipts::on_timer(const Hub& hub, TimePoint now) {
  if (awaited_.empty()) return;
  std::size_t taken = 0;
  for (; taken < awaited_.size() && awaited_[taken].counts_at <= now; ++taken) {
    if (SocketState* socket = hub.find(awaited_[taken].socket)) socket->owner().confirm(awaited_[taken].number, hub);
  }
  awaited_.erase(awaited_.begin(), awaited_.begin() + static_cast<std::ptrdiff_t>(taken));
  if (awaited_.empty()) std::vector<Receipt>().swap(awaited_);
}

}  // namespace signalbox::hub
