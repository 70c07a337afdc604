#include "hub/rooms.hpp"

#include <algorithm>
#include <span>
#include <unordered_set>
#include <utility>

#include "base/assert.hpp"
#include "hub/client.hpp"
#include "hub/event_check.hpp"
#include "hub/socket_state.hpp"
#include "hub/socket_walk.hpp"
#include "recovery/letters.hpp"
#include "socketio/arguments_text.hpp"

namespace signalbox::hub {
namespace {

constexpr std::string_view kUserRoom = "user:";
constexpr std::size_t kFewUsers = 256;  ///< whose sockets are looked up; for more, all sockets are looked at

/// What rooms ask of a socket, whether its client is here or away.
struct Member {
  std::string_view nsp, id, user;
};

Member member(const SocketState& socket) {
  return {socket.nsp().name, socket.id(), socket.owner().id()};
}

Member member(const recovery::SocketFacts& away) {
  return {away.nsp, {away.id.data(), away.id.size()}, away.user};
}

/// Rooms, to be asked of many sockets. Users stand apart, so that no room's name is put together for a socket.
class Rooms {
 public:
  explicit Rooms(std::span<const std::string> rooms) {
    for (const std::string& room : rooms)
      room.starts_with(kUserRoom) ? users_.insert(room.substr(kUserRoom.size())) : ids_.insert(room);
  }
  bool have(const Member& socket) const {
    return (!ids_.empty() && ids_.contains(socket.id)) ||
           (!users_.empty() && !socket.user.empty() && users_.contains(socket.user));
  }
  bool empty() const { return ids_.empty() && users_.empty(); }
  /// Can a socket be in any of them?
  bool may_have_any() const {
    const auto is_id = [](const std::string& room) { return room.size() == recovery::SocketId().size(); };
    return !users_.empty() || std::ranges::any_of(ids_, is_id);
  }
  bool few_users() const { return ids_.empty() && !users_.empty() && users_.size() <= kFewUsers; }
  const auto& users() const { return users_; }

 private:
  using Names = std::unordered_set<std::string, TextHash, std::equal_to<>>;
  Names users_, ids_;
};

class Selection {
 public:
  explicit Selection(const RoomSelection& of) : nsp_(of.nsp), rooms_(of.rooms), except_(of.except) {}
  bool has(const Member& socket) const {
    return socket.nsp == nsp_ && (rooms_.empty() || rooms_.have(socket)) && !except_.have(socket);
  }
  bool is_nobody() const { return !rooms_.empty() && !rooms_.may_have_any(); }
  /// The users whose sockets these are, where that is quicker than to look at all; else null.
  const auto* few_users() const { return nsp_ == kMainNamespace && rooms_.few_users() ? &rooms_.users() : nullptr; }

 private:
  std::string nsp_;
  Rooms rooms_, except_;
};

/// An event, encoded once for all.
struct Event {
  FrameRef packet;
  std::vector<FrameRef> attachments;
  bool is_volatile;

  void reach(SocketState& socket) const {
    if (!is_volatile || socket.client().link().waiting() == 0) socket.emit(packet, attachments);
  }
  void reach_away(Outboxes& outboxes, const recovery::SocketFacts& away) const {
    if (!is_volatile) outboxes.keep(away, packet, attachments);
  }
};

struct Disconnection {
  bool close;

  void reach(SocketState& socket) const { socket.client().disconnect(socket, close); }
  void reach_away(Outboxes&, const recovery::SocketFacts&) const {}
};

/// Does something to the sockets of a selection on one shard.
template <class Deed>
struct Reacher {
  Selection selection;
  Deed deed;

  void visit(LocalSockets& here, std::uint32_t slot) const {
    if (SocketState* socket = here.at(slot)) {
      if (socket->welcomed() && !socket->left() && selection.has(member(*socket))) deed.reach(*socket);
    } else if (const recovery::SocketFacts* away = here.outboxes().away(slot)) {
      if (selection.has(member(*away))) deed.reach_away(here.outboxes(), *away);
    }
  }
  void end() const {}
};

/// The slots of these users' sockets, by shard.
template <class Users>
std::vector<std::vector<std::uint32_t>> slots_of(const Hub& hub, const Users& users) {
  std::vector<std::vector<std::uint32_t>> slots(hub.shards.size());
  for (const std::string& user : users) {
    for (const SocketRef& socket : hub.directory.sockets.of(user)) slots[socket.shard].push_back(socket.slot);
  }
  return slots;
}

/// A slot that has another socket by then is found out by its user.
template <class Deed>
void reach_slots(Hub& hub, unsigned shard, std::vector<std::uint32_t> slots, Reacher<Deed> reacher) {
  auto task = [&here = *hub.shards[shard], slots = std::move(slots), reacher = std::move(reacher)] {
    for (const std::uint32_t slot : slots) reacher.visit(here, slot);
  };
  static_cast<void>(hub.mailboxes.post(shard, Message::run(std::move(task))));
}

template <class Deed>
void reach(Hub& hub, const RoomSelection& of, Deed deed) {
  // On a shard, what the directory delivers past the mailbox would come before what was posted earlier.
  SB_ASSERT(hub.mailboxes.current_shard() < 0);
  const Reacher<Deed> reacher{Selection(of), std::move(deed)};
  if (reacher.selection.is_nobody()) return;  // servers of Socket.IO publish what is for rooms of their own as well
  const auto* const users = reacher.selection.few_users();
  auto slots = users ? slots_of(hub, *users) : std::vector<std::vector<std::uint32_t>>();
  for (unsigned shard = 0; shard < hub.shards.size(); ++shard) {
    if (!users) {
      walk_sockets(hub, shard, reacher);
    } else if (!slots[shard].empty()) {
      reach_slots(hub, shard, std::move(slots[shard]), reacher);
    }
  }
}

Event encoded(std::string_view nsp, std::string_view event, std::string_view arguments, const Attachments& attachments,
              bool is_volatile) {
  std::vector<FrameRef> frames;
  for (const std::string& attachment : attachments) frames.push_back(binary_frame(attachment));
  return {.packet = text_frame(
              socketio::event_packet(nsp, {}, event, socketio::without_brackets(arguments), attachments.size())),
          .attachments = std::move(frames),
          .is_volatile = is_volatile};
}

}  // namespace

std::expected<void, EmitError> emit_to_rooms(Hub& hub, const RoomSelection& to, std::string_view event,
                                             const JsonView& arguments, const Attachments& attachments,
                                             bool is_volatile) {
  const log::Use own(hub.log);
  if (const auto ok = check_event(hub, event, arguments, attachments); !ok) return ok;
  for (unsigned shard = 0; shard < hub.shards.size(); ++shard) {
    if (const auto ok = check_mailbox(hub, shard); !ok) return ok;
  }
  reach(hub, to, encoded(to.nsp, event, arguments, attachments, is_volatile));
  return {};
}

void disconnect_rooms(Hub& hub, const RoomSelection& of, bool close) {
  if (hub.emitter.running()) reach(hub, of, Disconnection{close});
}

}  // namespace signalbox::hub
