#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "recovery/sender.hpp"

namespace signalbox::recovery {

/// How a client finds its socket again, on whatever shard that is.
///
/// A client shows its pid. Its shard, the claimant's, asks the shard that has the pid's socket. That one ends the old
/// connection and has the directory send to the new place from now on. Once its mailbox is empty of what came before,
/// the socket goes over: its ids, what it missed, and which broadcasts it has heard. Events that reach the new place
/// meanwhile wait there.
///
/// thread  its shard.
class Claims {
 public:
  Claims(const Surroundings& around, OutboxTable& table, History& history, Numbers& numbers, Sender& sender)
      : around_(around), table_(table), history_(history), numbers_(numbers), sender_(sender) {}

  /// That socket's client wants to go on as an older one. True: the answer comes in a later turn.
  bool claim(SocketFacts socket, Wish wish);

  void on_letter(Claim claim);
  void on_letter(const ClaimRefused& letter);
  void on_letter(const HandOverDue& letter);
  void on_letter(HandOver handed);

 private:
  void pass_on(Claim claim);
  void refuse(const Claim& claim);
  std::optional<std::uint64_t> received_by(const NumberedOutbox& outbox, const std::string& offset) const;
  void let_go(NumberedOutbox& outbox, Claim claim, std::uint64_t received);
  void catch_up(NumberedOutbox& outbox);
  void settle(NumberedOutbox& outbox, HandOver& handed);
  void add_broadcasts(NumberedOutbox& outbox, SocketHistory::Missed& missed);
  void welcome_back(NumberedOutbox& outbox, HandOver& handed);

  const Surroundings& around_;
  OutboxTable& table_;
  History& history_;
  Numbers& numbers_;
  Sender& sender_;
};

}  // namespace signalbox::recovery
