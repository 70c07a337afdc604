#pragma once
#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "hub/hub.hpp"
#include "recovery/socket_history.hpp"

namespace signalbox::hub {

struct Namespace;  // hub/registry.hpp

/// What a client shows that wants to go on as the socket that it was.
struct RecoveryWish {
  std::string pid;
  std::string offset;  ///< of the last event that it received; empty: it received none
};
/// Out of a connect payload; nothing if it shows none.
std::optional<RecoveryWish> read_wish(std::string_view auth);

/// A socket that its client has found again.
struct FoundSocket {
  std::array<char, 20> id;
  std::string_view pid;
  const users::User* user;  ///< its entry in the directory, where the socket stands; null: in none
  std::uint64_t withheld;   ///< SocketState::withheld()
  std::uint64_t heard;      ///< of the broadcasts all up to there
  recovery::SocketHistory::Missed missed;
};

/// Connection state recovery on one shard: what its sockets may have missed, those of them that are gone and may come
/// back, and how one moves to the shard on which its client lands.
///
/// A client shows its pid. Its shard, the claimant's, asks the shard that has the pid's socket. That one ends the old
/// connection and has the directory send to the new place from now on. Once its mailbox is empty of what came before,
/// the socket goes over: its ids, what it missed, and which broadcasts it has heard. Events that reach the new place
/// meanwhile wait there.
///
/// thread  its shard.
class Recovery final : public recovery::Offsets {
 public:
  Recovery(Hub& hub, LocalSockets& local, std::uint32_t shard);
  ~Recovery() override;

  // The life of a socket, as SocketState tells it.
  /// It is accepted as a new one; `user` as in the directory. Returns the pid for its answer.
  std::string begin(const SocketState& socket, const users::User* user);
  /// It wants to be an older one. True: the answer comes with Client::on_claim(), in a later turn.
  bool claim(const SocketState& socket, RecoveryWish wish);
  /// It has left: out of the directory for good, or until it comes back.
  void depart(const SocketState& socket, const users::User* user, CloseReason reason, TimePoint now);

  // What goes to sockets: numbered, sent where there is a connection, kept.
  void deliver(Message& message);
  /// Under which number those who listen are told of it.
  std::uint64_t broadcast(const Message& message);
  void emit(const SocketState& socket, std::string_view event, std::string_view arguments,
            const std::vector<std::string>& attachments);
  /// What the ledger tells at a login.
  void tell(const SocketState& socket, const users::UserJobs::Replay& replay);
  /// The client has received all that was sent to the socket up to this number.
  void received(const SocketRef& socket, std::uint64_t number);

  // Offsets, for what the shard's PresenceFeed tells.
  std::uint64_t sent_to(std::uint32_t slot) const override;
  std::uint64_t number_from(std::uint64_t sequence) override;
  FrameRef with_offset(const FrameRef& source, std::uint64_t number) const override;
  void told(std::uint32_t slot, std::uint64_t sequence, std::uint64_t number) override;

  TimePoint next_deadline() const;
  void on_timer(TimePoint now);

  std::size_t bytes() const { return history_.bytes(); }

 private:
  struct Claim;
  struct RecoverableSocket;
  struct HandOver;
  struct Deadline {
    SocketRef socket;
    TimePoint at;
  };

  RecoverableSocket* find(std::uint32_t slot, std::uint32_t generation) const;
  RecoverableSocket* find(const SocketRef& socket) const { return find(socket.slot, socket.generation); }
  RecoverableSocket& add(const SocketState& socket, std::string pid);
  const FrameRef& numbered(const FrameRef& source, std::uint64_t above);
  std::string offset(std::uint64_t number) const;
  void give(RecoverableSocket& place, const FrameRef& source, std::uint64_t outcome);
  void keep(RecoverableSocket& place, recovery::History::Event event);
  void ask(RecoverableSocket& place);
  void ask_later(RecoverableSocket& place);
  /// It is gone, and may come back. False: it may not.
  bool wait_for(RecoverableSocket& place, TimePoint now);
  void give_up(RecoverableSocket& place);
  /// Of whatever shard it is.
  void stop_waiting(const SocketRef& socket);
  void drop(RecoverableSocket& place);

  /// False: that shard has stopped.
  template <class Task>
  bool on(std::uint32_t shard, Task task);

  // recovery_claim.cpp
  void on_claim(Claim claim, const SocketRef& at);
  void pass_on(const Claim& claim, const SocketRef& from);
  void refuse(const Claim& claim);
  void on_refused(const SocketRef& by);
  std::optional<std::uint64_t> received_by(const RecoverableSocket& place, const std::string& offset) const;
  void let_go(RecoverableSocket& place, Claim claim, std::uint64_t received);
  void hand_over(const SocketRef& from);
  void take(HandOver handed);
  void catch_up(RecoverableSocket& place);
  void settle(RecoverableSocket& place, HandOver& handed);
  void add_broadcasts(RecoverableSocket& place, recovery::SocketHistory::Missed& missed);
  void welcome_back(RecoverableSocket& place, HandOver& handed);

  Hub& hub_;
  LocalSockets& local_;
  const std::uint32_t shard_;
  recovery::History history_;
  std::vector<std::unique_ptr<RecoverableSocket>>
      places_;                 ///< by slot; stands behind the history, of which each has a line
  std::deque<Deadline> away_;  ///< by the end of the window
  std::deque<Deadline> to_ask_;
  std::uint64_t number_ = 0;    ///< the last that was given
  std::uint64_t sequence_ = 0;  ///< of the last broadcast
  FrameRef source_, numbered_;  ///< the frame that was numbered last, for the next socket that gets it
  std::uint64_t numbered_as_ = 0;
};

}  // namespace signalbox::hub
