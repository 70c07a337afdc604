#include "recovery/sender.hpp"

#include <utility>

namespace signalbox::recovery {
namespace {

constexpr std::size_t kAskFrom = 16 * 1024;   ///< so much is kept of a connected socket before its client is asked
constexpr std::chrono::seconds kAskAfter{5};  ///< or so long

std::size_t memory_of(std::span<const users::JobEntry> entries) {
  std::size_t bytes = 0;
  for (const users::JobEntry& entry : entries) bytes += entry.frame->memory();
  return bytes;
}

}  // namespace

void Sender::deliver(Message& message) {
  NumberedOutbox* to = table_.find(message.slot, message.generation);
  if (!to) return;
  if (to->state == NumberedOutbox::State::claiming || to->catches_up) {
    return to->waiting.push_back(std::move(message));
  }
  give(*to, message.frame, message.number);
}

void Sender::give(NumberedOutbox& to, const FrameRef& source, std::uint64_t outcome) {
  const FrameRef& frame = numbers_.numbered(source, to.history.newest());
  if (to.connected()) around_.connections.send(to.socket.ref, frame);
  keep(to, {.frame = frame, .number = numbers_.last(), .outcome = outcome});
  if (outcome != 0 && to.connected()) around_.connections.sent_outcome(to.socket.ref, outcome);
}

std::uint64_t Sender::broadcast(const Message& message) {
  sequence_ = message.number;
  history_.add_broadcast(message.frame, message.rest->audience, sequence_, numbers_.next(), around_.options.now());
  return numbers_.last();
}

std::uint64_t Sender::number_from(std::uint64_t sequence) {
  const std::uint64_t count = sequence_ + 1 - sequence;
  const BroadcastNumbers::Block block{.number = numbers_.next(count), .sequence = sequence, .count = count};
  history_.number_broadcasts(block);
  return block.number;
}

void Sender::emit(const SocketRef& ref, const FrameRef& source, std::span<const FrameRef> attachments) {
  NumberedOutbox& to = *table_.find(ref);
  const FrameRef frame = numbers_.numbered(source, to.history.newest());
  const std::uint64_t number = numbers_.last();
  if (to.connected()) {
    around_.connections.send(ref, frame);
    for (const FrameRef& attachment : attachments) around_.connections.send(ref, attachment);
  }
  keep(to, {.frame = frame, .number = number});
  for (const FrameRef& attachment : attachments) keep(to, {.frame = attachment, .number = number});
}

void Sender::tell(const SocketRef& ref, std::span<const users::JobEntry> entries) {
  NumberedOutbox& to = *table_.find(ref);
  if (memory_of(entries) > around_.options.replay_bytes) entries = tell_without_offsets(to, entries);
  for (const users::JobEntry& entry : entries) {
    const FrameRef& frame = numbers_.numbered(entry.frame, to.history.newest());
    around_.connections.send(ref, frame);
    keep(to, {.frame = frame, .number = numbers_.last(), .outcome = entry.unread() ? entry.number : 0});
  }
}

// More than may be kept, or wait for a client, is not copied to give it offsets: all but the last of it, which is
// returned, goes as it lies in the ledger, shared with all who are told of it. Who is lost before that last has a new
// socket, and the replay again.
std::span<const users::JobEntry> Sender::tell_without_offsets(NumberedOutbox& to,
                                                              std::span<const users::JobEntry> entries) {
  std::uint64_t outcome = 0;
  for (const users::JobEntry& entry : entries.first(entries.size() - 1)) {
    around_.connections.send_kept(to.socket.ref, entry.frame);
    if (entry.unread()) outcome = entry.number;
  }
  to.history.forgo(numbers_.next(), outcome);
  return entries.last(1);
}

void Sender::keep(NumberedOutbox& outbox, History::Event event) {
  outbox.history.add(std::move(event));
  if (!outbox.connected() || outbox.asked) return;
  outbox.history.bytes() >= kAskFrom ? ask(outbox) : ask_later(outbox);
}

// Behind all that was sent to it so far.
void Sender::ask(NumberedOutbox& outbox) {
  outbox.asked = true;
  around_.connections.ask_receipt(outbox.socket.ref, numbers_.last());
}

void Sender::ask_later(NumberedOutbox& outbox) {
  if (std::exchange(outbox.to_ask, true)) return;
  to_ask_.push_back({outbox.socket.ref, around_.options.now() + kAskAfter});
}

void Sender::received(const SocketRef& socket, std::uint64_t number) {
  NumberedOutbox* outbox = table_.find(socket);
  if (!outbox) return;
  outbox->asked = false;
  outbox->history.received(number);
  if (outbox->connected() && !outbox->history.empty()) ask_later(*outbox);
}

void Sender::on_timer(TimePoint now) {
  while (next_deadline() <= now) {
    NumberedOutbox* outbox = table_.find(to_ask_.front().socket);
    to_ask_.pop_front();
    if (!outbox) continue;
    outbox->to_ask = false;
    if (outbox->connected() && !outbox->asked && !outbox->history.empty()) ask(*outbox);
  }
}

}  // namespace signalbox::recovery
