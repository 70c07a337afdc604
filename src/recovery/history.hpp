#pragma once
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.hpp"
#include "recovery/broadcast_numbers.hpp"

namespace signalbox::recovery {

/// What the sockets of one shard were sent and may have missed, bounded: past a bound the oldest go, and a socket that
/// needed one of these knows it. Every event has a number, and numbers only rise on a socket.
///
/// thread  its shard.
class History {
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
  class Line;

  explicit History(Limits limits) : limits_(limits) {}
  ~History();
  History(const History&) = delete;
  History& operator=(const History&) = delete;

  /// An event for all sockets that listen, but for those of the user in its key; kept once. `sequence` counts
  /// broadcasts over all shards.
  void add_broadcast(FrameRef source, std::uint64_t sequence, std::uint64_t number, TimePoint now);
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
    Line* line;
    Told before;            ///< when the event was sent
    Kept* next = nullptr;   ///< of its line
    Kept* older = nullptr;  ///< of all
    Kept* newer = nullptr;
  };
  struct Share {
    std::size_t bytes = 0;
    std::vector<Line*> lines{};
  };
  struct Broadcast {
    NumberedFrame frame;
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

/// The history of one socket.
class History::Line {
 public:
  /// `owner`: the user whose share of the bytes this is.
  Line(History& history, const std::string& owner);
  ~Line();
  Line(const Line&) = delete;
  Line& operator=(const Line&) = delete;

  void add(Event event);
  /// From this number on broadcasts are for this socket too, but for those up to `sequence`.
  void listen(std::uint64_t since, std::uint64_t sequence);
  /// It was told all up to that sequence, the last of them under that number.
  void told(std::uint64_t sequence, std::uint64_t number);
  /// The client has had all up to this number.
  void had(std::uint64_t number);
  /// Goes on where that of another shard ended, of which the client has had all up to `number` and `outcome`.
  void restore(std::uint64_t number, std::uint64_t outcome);
  /// What it was sent up to `number`, and with it the outcomes up to `outcome`, cannot be had again from here.
  void forgo(std::uint64_t number, std::uint64_t outcome);
  /// Is nothing gone that came after this number?
  bool whole_after(std::uint64_t number) const;
  struct Missed {
    std::vector<Event> events{};
    std::uint64_t outcome = 0;  ///< the newest that the client has had, by the ledger's number; 0: none
    std::uint64_t heard = 0;    ///< the broadcasts that it has had: all up to this sequence
  };
  /// All that is its own; the broadcasts come behind it.
  Missed after(std::uint64_t number) const;
  /// What its owner takes beside the events. False: too much for one user, and not counted.
  bool hold(std::size_t bytes);

  bool empty() const { return !oldest_; }
  std::size_t bytes() const { return bytes_; }
  std::uint64_t newest() const { return newest_number_; }

 private:
  friend class History;
  void drop_oldest();
  void push_out_of_share();
  std::optional<std::uint64_t> heard_by(std::uint64_t number) const;

  History& history_;
  Shares::value_type& owner_;
  Share& share_;
  Kept* oldest_ = nullptr;
  Kept* newest_ = nullptr;
  std::uint64_t newest_number_ = 0;
  std::uint64_t gone_to_ = 0;       ///< the newest number that is no longer here, had or pushed out
  std::uint64_t gone_outcome_ = 0;  ///< the same of outcomes, by the ledger's number
  std::size_t bytes_ = 0;
  std::size_t held_ = 0;
  Told gone_told_;  ///< before the newest that is gone
  bool listens_ = false;
  Told since_;  ///< where it began to listen
  Told told_;
};

}  // namespace signalbox::recovery
