#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/message.hpp"
#include "recovery/connections.hpp"
#include "users/sockets.hpp"

// What stands behind NumberedOutboxes, for its parts.
namespace signalbox::recovery {

struct OutboxOptions {
  Clock::duration window;      ///< so long a client that is gone may come back
  Clock::duration broadcasts;  ///< so long a broadcast may be missed
  std::size_t user_bytes;      ///< kept for one user
  std::size_t total_bytes;     ///< kept on this shard
  std::size_t replay_bytes;    ///< a replay that is larger gets no offsets
  TimePoint (*now)();
  std::string_view node{};  ///< the tag of this node, with which pids begin; empty: there are no others
};

class RecoveryTable;  // recovery/recovery_table.hpp

/// What a shard's numbered outboxes stand on.
struct Surroundings {
  const OutboxOptions options;
  const std::uint32_t shard;
  RecoveryTable& everywhere;
  users::Sockets& directory;
  Connections& connections;
};

/// Which socket it is.
struct SocketFacts {
  SocketRef ref;
  SocketId id;
  std::string user;      ///< empty: of nobody
  std::string_view nsp;  ///< lives as long as the server
};

/// What goes to one socket, connected or not.
struct NumberedOutbox {
  enum class State : std::uint8_t {
    connected,
    away,      ///< its client may come back
    claiming,  ///< its client has shown a pid, and the shard of that one is asked
    leaving,   ///< found by its client elsewhere; what was sent here before that is still to come
  };

  SocketFacts socket;
  std::string pid;
  State state;
  const users::User* user = nullptr;
  TimePoint until = kNever;
  std::vector<Epoch> epochs{};
  std::uint64_t begin = 0;     ///< a client that received this number has received nothing of this socket
  std::uint64_t withheld = 0;  ///< outcomes up to there were not told to it
  bool asked = false;          ///< the client is to confirm what it has received
  bool to_ask = false;         ///< it will be asked
  bool gone = false;           ///< claiming or leaving: its client has gone meanwhile
  bool comes_back = true;      ///< claiming and gone: is it to be waited for?
  bool catches_up = false;     ///< its client is back, and is still to be given what waits
  std::vector<Message> waiting{};
  std::unique_ptr<Claim> claim{};  ///< leaving: whose it is; claiming: one that came after ours
  std::uint64_t received = 0;      ///< leaving: up to where its client has received
  SocketHistory history;

  bool connected() const { return state == State::connected; }
  bool away() const { return state == State::away; }
};

}  // namespace signalbox::recovery
