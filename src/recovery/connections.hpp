#pragma once
#include <cstdint>
#include <string_view>

#include "recovery/letters.hpp"
#include "users/user.hpp"

namespace signalbox::recovery {

/// A socket that its client has found again.
struct FoundSocket {
  SocketId id;
  std::string_view pid;
  const users::User* user;  ///< its entry in the directory, where the socket stands; null: in none
  std::uint64_t withheld;   ///< outcomes up to there were not told to it
  std::uint64_t heard;      ///< of the broadcasts all up to there
  SocketHistory::Missed missed;
};

/// The clients of one shard's sockets, and the way to other shards. `hub` implements it.
///
/// thread  the shard.
class Connections {
 public:
  // To a socket that is connected.
  virtual void send(const SocketRef& socket, const FrameRef& frame) = 0;
  /// The same for what is told at a login: it does not count as what a slow client lets wait.
  virtual void send_kept(const SocketRef& socket, const FrameRef& frame) = 0;
  /// It was sent an outcome, whose receipt is to be confirmed to the ledger.
  virtual void sent_outcome(const SocketRef& socket, std::uint64_t number) = 0;
  /// Its client is to confirm what was sent up to this number: Sender::received().
  virtual void ask_receipt(const SocketRef& socket, std::uint64_t number) = 0;
  /// Its client is back over another connection: the one here ends.
  virtual void take_over(const SocketRef& socket) = 0;

  /// The answer to Claims::claim(); null: nothing was found, and the socket is a new one.
  virtual void answer(const SocketRef& socket, const FoundSocket* found) = 0;
  /// Nothing is sent to that slot any more: another socket may have it.
  virtual void release(const SocketRef& socket) = 0;
  /// False: that shard has stopped.
  virtual bool post(std::uint32_t shard, Letter letter) = 0;

 protected:
  ~Connections() = default;
};

}  // namespace signalbox::recovery
