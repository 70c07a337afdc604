#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "recovery/history.hpp"

namespace signalbox::recovery {

/// The history of one socket.
class SocketHistory {
  using Kept = History::Kept;
  using Share = History::Share;
  using Shares = History::Shares;
  using Told = History::Told;

 public:
  using Event = History::Event;

  /// `owner`: the user whose share of the bytes this is.
  SocketHistory(History& history, const std::string& owner);
  ~SocketHistory();
  SocketHistory(const SocketHistory&) = delete;
  SocketHistory& operator=(const SocketHistory&) = delete;

  void add(Event event);
  /// From this number on broadcasts are for this socket too, but for those up to `sequence`.
  void listen(std::uint64_t since, std::uint64_t sequence);
  /// It was told all up to that sequence, the last of them under that number.
  void told(std::uint64_t sequence, std::uint64_t number);
  /// The client has received everything up to this number.
  void received(std::uint64_t number);
  /// Goes on where the history of another shard ended, of which the client has received everything up to `number` and
  /// `outcome`.
  void restore(std::uint64_t number, std::uint64_t outcome);
  /// Events up to `number`, and with them the outcomes up to `outcome`, are not here any more.
  void forgo(std::uint64_t number, std::uint64_t outcome);
  /// Is nothing gone that came after this number?
  bool whole_after(std::uint64_t number) const;
  struct Missed {
    std::vector<Event> events{};
    std::uint64_t outcome = 0;  ///< the newest that the client has received, by the ledger's number; 0: none
    std::uint64_t heard = 0;    ///< the broadcasts that it has heard: all up to this sequence
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
  std::uint64_t gone_to_ = 0;       ///< the newest number that is no longer here, received or pushed out
  std::uint64_t gone_outcome_ = 0;  ///< the same of outcomes, by the ledger's number
  std::size_t bytes_ = 0;
  std::size_t held_ = 0;
  Told gone_told_;  ///< before the newest that is gone
  bool listens_ = false;
  Told since_;  ///< where it began to listen
  Told told_;
};

}  // namespace signalbox::recovery
