#include "hub/receipts.hpp"

#include <algorithm>

#include "hub/local_sockets.hpp"
#include "hub/socket_state.hpp"

namespace signalbox::hub {

// All that waits for the same ping is confirmed by one pong: a client that answers none owes one receipt, however much
// it is sent.
Receipts::Receipt* Receipts::await(Link& link, Receipt receipt) {
  if (!awaited_) awaited_ = std::make_unique<std::vector<Receipt>>();
  if (!awaited_->empty()) {
    Receipt& last = awaited_->back();
    const bool more_of_it = last.socket == receipt.socket && last.of_outcomes == receipt.of_outcomes;
    if (more_of_it && link.wants(last.marker)) {
      last.number = std::max(last.number, receipt.number);
      return nullptr;
    }
    receipt.marker = last.marker;
  }
  ++receipt.marker;
  awaited_->push_back(receipt);
  link.confirm(receipt.marker);
  return &awaited_->back();
}

void Receipts::on_received(std::uint32_t marker, LocalSockets& local, TimePoint now) {
  constexpr std::chrono::seconds kSecond{1};
  if (!awaited_) return;
  std::erase_if(*awaited_, [&](const Receipt& receipt) {
    if (receipt.of_outcomes || receipt.marker > marker) return false;
    local.outboxes().received(receipt.socket, receipt.number);
    return true;
  });
  for (Receipt& receipt : *awaited_) {
    if (receipt.marker > marker) break;
    if (receipt.counts_at != kNever) continue;
    receipt.counts_at = now + kSecond;
    local.counts().receipts.observe(now - receipt.asked_at);
  }
  free_if_empty();
}

void Receipts::on_timer(const Hub& hub, TimePoint now) {
  if (!awaited_) return;
  auto rest = awaited_->begin();
  for (; rest != awaited_->end() && rest->counts_at <= now; ++rest) {
    if (SocketState* socket = hub.find(rest->socket)) socket->owner().confirm(rest->number, hub);
  }
  awaited_->erase(awaited_->begin(), rest);
  free_if_empty();
}

void Receipts::free_if_empty() {
  if (awaited_->empty()) awaited_.reset();
}

}  // namespace signalbox::hub
