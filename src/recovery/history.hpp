#pragma once
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/audience.hpp"
#include "base/clock.hpp"
#include "recovery/broadcast_numbers.hpp"

namespace signalbox::recovery {

class SocketHistory;

/// What the sockets of one shard were sent and may have missed, bounded: past a bound the oldest go, and a socket that
/// needed one of these knows it. Every event has a number, and numbers only rise on a socket.
///
/// thread  its shard.
class History {
  friend class SocketHistory;

 public:
  struct Limits {
    std::size_t user_bytes;      ///< of the sockets of one user
    std::size_t total_bytes;     ///< of all sockets here
    Clock::duration broadcasts;  ///< how long one may be missed
  };
  /// A frame of an event; those of its attachments follow under the same number.
  struct Event {
    FrameRef frame;
    std::uint64_t number = 0;
    std::uint64_t outcome = 0;  ///< the ledger's number of an outcome; 0: none
  };
  explicit History(Limits limits) : limits_(limits) {}
  ~History();
  History(const History&) = delete;
  History& operator=(const History&) = delete;

  /// An event for all sockets that listen, of the users in its audience; kept once. `sequence` counts broadcasts over
  /// all shards.
  void add_broadcast(FrameRef source, Audience to, std::uint64_t sequence, std::uint64_t number, TimePoint now);
  /// The oldest broadcast can be missed until then.
  TimePoint broadcasts_end() const {
    return broadcasts_.empty() ? kNever : broadcasts_.front().at + limits_.broadcasts;
  }
  /// Drops the broadcasts that nobody can miss any more.
  void drop_broadcasts(TimePoint now);
  /// From now on the broadcasts from that sequence on, `count` of them, are told under these numbers.
  void number_broadcasts(const BroadcastNumbers::Block& block);
  /// Are all broadcasts after that one still here?
  bool has_broadcasts_after(std::uint64_t sequence) const { return sequences_gone_to_ <= sequence; }
  /// Those for that user, as they are told to a socket that was sent all up to the number `sent`.
  std::vector<Event> broadcasts_after(std::uint64_t sequence, std::string_view user, std::uint64_t sent,
                                      Offsets& offsets);

  std::size_t bytes() const { return bytes_; }
  /// Even without any event there would be too much.
  bool over() const { return bytes_ > limits_.total_bytes; }

 private:
  /// The last broadcast that a socket was told, and under which number; 0: none since it listens.
  struct Told {
    std::uint64_t sequence = 0;
    std::uint64_t number = 0;
  };
  struct Kept {
    Event event;
    SocketHistory* history;
    Told before;            ///< when the event was sent
    Kept* next = nullptr;   ///< of its line
    Kept* older = nullptr;  ///< of all
    Kept* newer = nullptr;
  };
  struct Share {
    std::size_t bytes = 0;
    std::vector<SocketHistory*> histories{};
  };
  struct Broadcast {
    NumberedFrame frame;
    Audience audience;
    std::uint64_t sequence;
    std::uint64_t came;  ///< its first number: how old it is
    TimePoint at;
  };
  using Shares = std::unordered_map<std::string, Share>;

  static std::size_t cost(const Event& event);
  static std::size_t cost(const Broadcast& broadcast);
  void drop_broadcast();
  void push_out();

  const Limits limits_;
  Shares shares_;
  Kept* oldest_ = nullptr;
  Kept* newest_ = nullptr;
  std::size_t bytes_ = 0;
  std::deque<Broadcast> broadcasts_;
  BroadcastNumbers numbers_;
  std::uint64_t sequences_gone_to_ = 0;  ///< of the last broadcast that went
};

}  // namespace signalbox::recovery
