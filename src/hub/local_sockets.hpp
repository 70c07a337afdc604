#pragma once
#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

#include "hub/by_number.hpp"
#include "hub/hub.hpp"
#include "hub/outboxes.hpp"
#include "hub/presence_feed.hpp"
#include "hub/questions.hpp"
#include "hub/shard_counts.hpp"

namespace signalbox::hub {

class Login;   // hub/login.hpp
class Traces;  // hub/traces.hpp

/// The sockets of one shard by slot; those of authenticated users in the main namespace hear who comes and who goes.
///
/// thread  its shard.
class LocalSockets {
 public:
  LocalSockets(Hub& hub, std::uint32_t shard, const PresenceLimits& limits = {});
  ~LocalSockets();
  LocalSockets(const LocalSockets&) = delete;
  LocalSockets& operator=(const LocalSockets&) = delete;

  SocketRef add(SocketState& socket, Link& link);
  /// The socket has gone; nobody finds it any more, but its slot stays its own until release().
  void vacate(const SocketRef& ref);
  void release(const SocketRef& ref);
  SocketState* find(std::uint32_t slot, std::uint32_t generation) const;
  std::size_t slots() const { return entries_.size(); }
  SocketState* at(std::uint32_t slot) const { return entries_[slot].socket; }  ///< null: nobody is there
  /// Through which everything leaves that this socket is sent: its client's, or a TracedSocket before that.
  Link& link(std::uint32_t slot) const { return *entries_[slot].link; }
  void set_link(std::uint32_t slot, Link& link);
  PresenceFeed& presence() { return presence_; }
  Questions& questions() { return questions_; }
  /// Which wait for a middleware.
  ByNumber<Login>& logins() { return logins_; }
  Outboxes& outboxes() { return outboxes_; }
  Hub& hub() const { return hub_; }
  ShardCounts& counts() { return counts_; }
  /// Null: nothing is traced here.
  Traces* traces() const { return traces_.get(); }
  Traces& begin_tracing();
  void end_trace(std::uint64_t number);
  std::uint32_t shard() const { return shard_; }
  /// The copy of a frame, for that number, that this turn's sockets share, made by the first that wants it.
  template <class Make>
  FrameRef shared_copy(const FrameRef& frame, std::uint64_t number, Make make) {
    Copy& copy = copies_[&*frame];
    if (!copy.frame || copy.number != number) copy = {.source = frame, .number = number, .frame = make()};
    return copy.frame;
  }
  /// Delivers or broadcasts; takes the frame out of the message.
  void on_message(Message& message);
  /// Fetches what a delivery that comes soon leads to.
  void expect(const Message& message) const {
    if (message.slot < entries_.size()) __builtin_prefetch(entries_[message.slot].link);
  }
  /// What is delivered goes out as it is.
  void send(Message& message);

  TimePoint next_deadline() const;
  void on_timer(TimePoint now);

 private:
  struct Entry {
    SocketState* socket = nullptr;
    Link* link = nullptr;  ///< beside the socket, so that a delivery need not touch the socket itself
    std::uint32_t generation = 0;
  };
  struct Copy {
    FrameRef source;  ///< stays, so that no other frame comes to be at its address
    std::uint64_t number = 0;
    FrameRef frame;
  };
  const Entry* entry(std::uint32_t slot, std::uint32_t generation) const;

  Hub& hub_;
  const std::uint32_t shard_;
  std::vector<Entry> entries_;
  std::vector<std::uint32_t> free_;
  PresenceFeed presence_;
  Questions questions_;
  ByNumber<Login> logins_;
  std::unordered_map<const Frame*, Copy> copies_;  ///< of this turn
  Outboxes outboxes_;
  ShardCounts counts_;
  std::unique_ptr<Traces> traces_;
};

}  // namespace signalbox::hub
