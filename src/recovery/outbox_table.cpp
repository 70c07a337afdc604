#include "recovery/outbox_table.hpp"

#include <utility>

#include "recovery/recovery_table.hpp"

namespace signalbox::recovery {
namespace {

constexpr std::size_t kOutboxBytes = 1024;     ///< what a socket costs that has gone, roughly, with its user
constexpr std::size_t kUserIds = 3;            ///< so often the user's id is kept for it
constexpr std::string_view kNobodys = "\x01";  ///< no user's id begins so

}  // namespace

NumberedOutbox* OutboxTable::find(std::uint32_t slot, std::uint32_t generation) const {
  if (slot >= outboxes_.size() || !outboxes_[slot]) return nullptr;
  NumberedOutbox* found = outboxes_[slot].get();
  return found->socket.ref.generation == generation ? found : nullptr;
}

const SocketFacts* OutboxTable::away(std::uint32_t slot) const {
  const bool away = slot < outboxes_.size() && outboxes_[slot] && outboxes_[slot]->away();
  return away ? &outboxes_[slot]->socket : nullptr;
}

NumberedOutbox& OutboxTable::add(SocketFacts socket, std::string pid) {
  const std::uint32_t slot = socket.ref.slot;
  if (slot >= outboxes_.size()) outboxes_.resize(slot + 1);
  std::string owner = socket.user;
  if (owner.empty()) owner.append(kNobodys).append(pid);
  outboxes_[slot] = std::unique_ptr<NumberedOutbox>(new NumberedOutbox{.socket = std::move(socket),
                                                                       .pid = std::move(pid),
                                                                       .state = NumberedOutbox::State::claiming,
                                                                       .history = {history_, owner}});
  return *outboxes_[slot];
}

void OutboxTable::drop(NumberedOutbox& outbox) {
  const SocketRef ref = outbox.socket.ref;
  around_.everywhere.erase(outbox.pid, ref);
  erase(outbox);
  around_.connections.release(ref);
}

bool OutboxTable::wait_for(NumberedOutbox& outbox, TimePoint now) {
  const SocketRef ref = outbox.socket.ref;
  if (!outbox.history.hold(kOutboxBytes + kUserIds * outbox.socket.user.size())) return false;
  if (outbox.user) {
    const auto one_too_many = around_.directory.leave_for_now(outbox.user, ref, now);
    if (one_too_many) static_cast<void>(around_.connections.post(one_too_many->shard, GiveUp{*one_too_many}));
  }
  outbox.state = NumberedOutbox::State::away;
  outbox.until = now + around_.options.window;
  away_.push_back({ref, outbox.until});
  while (history_.over() && !away_.empty()) {
    if (NumberedOutbox* oldest = take_first_away()) give_up(*oldest, now);
  }
  return true;
}

/// Null: it is back, or was given up.
NumberedOutbox* OutboxTable::take_first_away() {
  const Deadline first = away_.front();
  away_.pop_front();
  NumberedOutbox* outbox = find(first.socket);
  return outbox && outbox->away() && outbox->until == first.at ? outbox : nullptr;
}

void OutboxTable::give_up(NumberedOutbox& outbox, TimePoint now) {
  if (outbox.user) around_.directory.leave(outbox.user, outbox.socket.ref, now);
  drop(outbox);
}

void OutboxTable::on_letter(const GiveUp& letter) {
  NumberedOutbox* outbox = find(letter.socket);
  if (outbox && outbox->away()) give_up(*outbox, around_.options.now());
}

void OutboxTable::on_timer(TimePoint now) {
  while (next_deadline() <= now) {
    if (NumberedOutbox* outbox = take_first_away()) give_up(*outbox, now);
  }
}

}  // namespace signalbox::recovery
