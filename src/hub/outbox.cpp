#include "hub/outbox.hpp"

#include <algorithm>
#include <vector>

#include "hub/client.hpp"
#include "hub/local_sockets.hpp"
#include "hub/socket_state.hpp"

namespace signalbox::hub {

using socketio::PacketType;

namespace {

recovery::SocketFacts facts_of(const SocketState& socket) {
  recovery::SocketFacts facts{
      .ref = socket.ref(), .id = {}, .user = std::string(socket.owner().id()), .nsp = socket.nsp().name};
  std::ranges::copy(socket.id(), facts.id.begin());
  return facts;
}

}  // namespace

Outbox::Outbox(Client& client, const Namespace& nsp, SocketState& socket) : client_(client), nsp_(nsp) {
  const SocketRef ref = client.local().add(socket, client.link());
  slot_ = ref.slot;
  generation_ = ref.generation;
}

SocketRef Outbox::ref() const {
  return {.shard = client_.local().shard(), .slot = slot_, .generation = generation_};
}

Link& Outbox::link() const {
  return client_.local().link(slot_);
}

recovery::NumberedOutboxes* Outbox::numbered() const {
  return client_.local().outboxes().numbered_.get();
}

bool Outbox::claim(const SocketState& socket, recovery::Wish wish) {
  return numbered() && numbered()->claims.claim(facts_of(socket), std::move(wish));
}

std::string Outbox::open(const SocketState& socket) {
  const SocketOwner& owner = socket.owner();
  return numbered() ? numbered()->open(facts_of(socket), owner.entry(), owner.withheld()) : std::string();
}

void Outbox::close(const users::User* user, CloseReason reason, TimePoint now) {
  client_.local().vacate(ref());
  if (numbered()) return numbered()->close(ref(), reason, now);
  if (user) client_.hub().directory.sockets.leave(user, ref(), now);
  client_.local().release(ref());
}

void Outbox::send(PacketType type, std::optional<std::uint64_t> id, std::string_view payload,
                  const Attachments& attachments) {
  const std::string head = socketio::packet_head(type, nsp_.name, id, attachments.size());
  const bool answers = type == PacketType::ack || type == PacketType::binary_ack;
  const FrameKind kind = answers ? FrameKind::event : FrameKind::control;
  link().send(make_frame(false, kind, {}, head, payload));
  for (const std::string& attachment : attachments) link().send(binary_frame(attachment));
}

void Outbox::send_ack(std::uint64_t id, std::string_view array, const Attachments& attachments) {
  send(attachments.empty() ? PacketType::ack : PacketType::binary_ack, id, array, attachments);
}

void Outbox::emit(std::string_view event, std::string_view arguments, const Attachments& attachments) {
  if (!numbered()) return send_event({}, event, arguments, attachments);
  const std::string packet = socketio::event_packet(nsp_.name, {}, event, arguments, attachments.size());
  std::vector<FrameRef> frames;
  for (const std::string& attachment : attachments) frames.push_back(binary_frame(attachment));
  emit(text_frame(packet), frames);
}

void Outbox::emit(const FrameRef& packet, std::span<const FrameRef> attachments) {
  if (auto* const kept = numbered()) return kept->sender.emit(ref(), packet, attachments);
  link().send(packet);
  for (const FrameRef& attachment : attachments) link().send(attachment);
}

void Outbox::emit_with_ack(std::uint64_t id, std::string_view event, std::string_view arguments,
                           const Attachments& attachments) {
  send_event(id, event, arguments, attachments);
}

void Outbox::send_event(std::optional<std::uint64_t> id, std::string_view event, std::string_view arguments,
                        const Attachments& attachments) {
  link().send(text_frame(socketio::event_packet(nsp_.name, id, event, arguments, attachments.size())));
  for (const std::string& attachment : attachments) link().send(binary_frame(attachment));
}

void Outbox::tell(const users::UserJobs::Replay& replay) {
  if (auto* const kept = numbered()) return kept->sender.tell(ref(), replay.entries);
  for (const users::JobEntry& entry : replay.entries) link().send_kept(as_sent(entry.frame, entry.number));
}

void Outbox::send_outcome(const FrameRef& frame, std::uint64_t number) {
  link().send(as_sent(frame, number));
}

// With OUTCOME_ACKS an outcome asks for its acknowledgement, of all sockets under the same id, but where a login is
// told in another order than others were.
FrameRef Outbox::as_sent(const FrameRef& frame, std::uint64_t number) const {
  if (!client_.hub().config.outcome_acks || frame->kind() != FrameKind::outcome) return frame;
  const auto make = [&] {
    const std::string head = socketio::packet_head(PacketType::event, nsp_.name, kOutcomeAcks + number);
    return make_frame(false, FrameKind::outcome, frame->name(), head, frame->packet().substr(2));
  };
  return client_.local().shared_copy(frame, number, make);
}

}  // namespace signalbox::hub
