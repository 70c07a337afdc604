#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <span>

#include "base/audience.hpp"
#include "base/frame.hpp"

namespace signalbox {

/// Names a Socket.IO socket from any thread. Looked up on arrival; one that has gone is a no-op.
struct SocketRef {
  std::uint32_t shard = 0;
  std::uint32_t slot = 0;
  std::uint32_t generation = 0;
  bool operator==(const SocketRef&) const = default;
};

/// Everything that crosses from a thread to a shard.
struct Message {
  enum class Kind : std::uint8_t {
    deliver,    ///< `frame` to one socket
    broadcast,  ///< `frame` to the authenticated sockets of the main namespace whose users are in its audience
    task,       ///< run `task` on the shard's thread
  };
  /// What few messages bring: behind one pointer, so that a delivery stays small.
  struct Rest {
    std::move_only_function<void()> task{};
    Audience audience = Audience::all();
  };
  Kind kind = Kind::task;
  std::uint32_t slot = 0;
  std::uint32_t generation = 0;
  /// Of an outcome: its number, by which its receipt is confirmed (0: none). Of a broadcast: its place in the order of
  /// all broadcasts.
  std::uint64_t number = 0;
  FrameRef frame;
  std::unique_ptr<Rest> rest;  ///< null: delivered

  static Message deliver(const SocketRef& to, FrameRef frame, std::uint64_t number = 0) {
    Message m;
    m.kind = Kind::deliver;
    m.slot = to.slot;
    m.generation = to.generation;
    m.number = number;
    m.frame = std::move(frame);
    return m;
  }
  static Message broadcast(FrameRef frame, Audience to, std::uint64_t number) {
    Message m;
    m.kind = Kind::broadcast;
    m.number = number;
    m.frame = std::move(frame);
    m.rest = std::make_unique<Rest>(Rest{.audience = std::move(to)});
    return m;
  }
  static Message run(std::move_only_function<void()> task) {
    Message m;
    m.rest = std::make_unique<Rest>(Rest{.task = std::move(task)});
    return m;
  }
};

/// The shards' mailboxes, as the rooms above see them.
///
/// thread  any.
class Mailboxes {
 public:
  virtual ~Mailboxes() = default;
  virtual unsigned shards() const = 0;
  /// Always taken, however much waits there; false only when the shards have stopped.
  [[nodiscard]] virtual bool post(unsigned shard, Message&& message) = 0;
  /// Posts the frame for each of these sockets, or for none: false if a mailbox has no room for them. `room_seen`: the
  /// caller has asked already. This is called under a user's lock, so messages for this thread's own shard may only be
  /// put aside: deliver_own() is to follow as soon as no lock is held.
  virtual bool deliver(std::span<const SocketRef> to, FrameRef& frame, std::uint64_t number, bool room_seen) {
    for (const SocketRef& one : to) {
      if (!room_seen && !has_room(one.shard, to.size())) return false;
    }
    // Refused only by shards that have stopped.
    for (const SocketRef& one : to) static_cast<void>(post(one.shard, Message::deliver(one, frame.another(), number)));
    return true;
  }
  virtual void deliver_own() {}
  /// Has that mailbox room for `count` more at this moment? Asked before anything is posted that may be refused.
  virtual bool has_room(unsigned shard, std::size_t count) const = 0;
  /// The shard whose thread this is. -1: none of these; it may be another service's.
  virtual int current_shard() const = 0;
};

}  // namespace signalbox
