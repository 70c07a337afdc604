#pragma once
#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "hub/local_sockets.hpp"
#include "hub/recovery.hpp"

// What stands behind Recovery; for its own two sources.
namespace signalbox::hub {

struct Recovery::Claim {
  RecoveryWish wish;
  std::string user;  ///< as the token says anew
  std::string nsp;
  SocketRef by;
};

/// The numbers that a socket was given on one shard.
struct Epoch {
  std::uint32_t shard;
  std::uint64_t first;
  std::uint64_t last = UINT64_MAX;
};

/// One socket, connected or not.
struct Recovery::RecoverableSocket {
  enum class State : std::uint8_t {
    connected,
    away,      ///< its client may come back
    claiming,  ///< its client has shown a pid, and the shard of that one is asked
    leaving,   ///< found by its client elsewhere; what was sent here before that is still to come
  };

  SocketRef ref;
  std::string pid;
  std::string user_id;  ///< empty: of nobody
  const Namespace* nsp;
  State state;
  std::array<char, 20> id;
  const users::User* user = nullptr;
  TimePoint until = kNever;
  std::vector<Epoch> epochs{};
  std::uint64_t begin = 0;     ///< a client that received this number has received nothing of this socket
  std::uint64_t withheld = 0;  ///< SocketState::withheld()
  bool asked = false;          ///< the client is to confirm what it has received
  bool to_ask = false;         ///< it will be asked
  bool comes_back = true;      ///< claiming, and its client gone meanwhile: is it to be waited for?
  bool catches_up = false;     ///< its client is back, and is still to be given what waits
  std::vector<Message> waiting{};
  std::unique_ptr<Claim> claim{};  ///< leaving: whose it is; claiming: one that came after ours
  std::uint64_t received = 0;      ///< leaving: up to where its client has received
  recovery::SocketHistory history;
};

struct Recovery::HandOver {
  SocketRef by;
  std::string pid;
  std::array<char, 20> id;
  bool joined;  ///< the user's entry has the new place already
  bool whole;   ///< else what was missed is gone
  std::uint64_t received;
  recovery::SocketHistory::Missed missed;
  std::uint64_t begin;
  std::uint64_t withheld;
  std::vector<Epoch> epochs;
  std::uint64_t number;  ///< the last that its shard gave
};

template <class Task>
bool Recovery::on(std::uint32_t shard, Task task) {
  return hub_.mailboxes.post(shard, Message::run([&hub = hub_, shard, task = std::move(task)]() mutable {
                               task(*hub.shards[shard]->recovery());
                             }));
}

}  // namespace signalbox::hub
