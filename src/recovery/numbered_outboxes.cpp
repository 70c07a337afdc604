#include "recovery/numbered_outboxes.hpp"

#include <algorithm>
#include <utility>

#include "recovery/pid.hpp"
#include "recovery/recovery_table.hpp"

namespace signalbox::recovery {
namespace {

bool may_come_back(CloseReason reason) {
  return reason == CloseReason::transport_close || reason == CloseReason::transport_error ||
         reason == CloseReason::ping_timeout || reason == CloseReason::forced_close ||
         reason == CloseReason::server_shutting_down;
}

}  // namespace

NumberedOutboxes::NumberedOutboxes(Surroundings around)
    : around_(around),
      numbers_(around.everywhere.run(), around.shard),
      history_({.user_bytes = around.options.user_bytes,
                .total_bytes = around.options.total_bytes,
                .broadcasts = around.options.broadcasts}),
      table_(around_, history_),
      sender(around_, table_, history_, numbers_),
      claims(around_, table_, history_, numbers_, sender) {}

std::string NumberedOutboxes::open(SocketFacts socket, const users::User* user, std::uint64_t withheld) {
  const SocketRef ref = socket.ref;
  NumberedOutbox& outbox = table_.add(std::move(socket), make_pid(around_.options.node));
  outbox.state = NumberedOutbox::State::connected;
  outbox.user = user;
  outbox.begin = numbers_.last();
  outbox.withheld = withheld;
  outbox.epochs.push_back({.shard = around_.shard, .first = numbers_.last() + 1});
  if (user) outbox.history.listen(numbers_.last(), sender.last_broadcast());
  around_.everywhere.put(outbox.pid, ref);
  return outbox.pid;
}

void NumberedOutboxes::close(const SocketRef& socket, CloseReason reason, TimePoint now) {
  NumberedOutbox* outbox = table_.find(socket);
  if (!outbox) return around_.connections.release(socket);  // it was not welcomed yet
  const bool comes_back = may_come_back(reason);
  if (outbox->connected()) {
    if (!comes_back || !table_.wait_for(*outbox, now)) table_.give_up(*outbox, now);
    return;
  }
  outbox->gone = true;
  outbox->comes_back = comes_back;
}

void NumberedOutboxes::on_letter(Letter letter) {
  std::visit(
      [this](auto& one) {
        if constexpr (requires { claims.on_letter(std::move(one)); }) {
          claims.on_letter(std::move(one));
        } else {
          table_.on_letter(one);
        }
      },
      letter);
}

TimePoint NumberedOutboxes::next_deadline() const {
  // Broadcasts end a second's worth at a time.
  const TimePoint broadcasts = history_.broadcasts_end();
  return std::min({table_.next_deadline(), sender.next_deadline(),
                   broadcasts == kNever ? kNever : broadcasts + std::chrono::seconds(1)});
}

void NumberedOutboxes::on_timer(TimePoint now) {
  history_.drop_broadcasts(now);
  sender.on_timer(now);
  table_.on_timer(now);
}

}  // namespace signalbox::recovery
