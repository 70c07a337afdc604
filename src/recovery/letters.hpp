#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/message.hpp"
#include "recovery/socket_history.hpp"

// What shards say to each other of a socket that moves: values alone, so that the other side may be anywhere.
namespace signalbox::recovery {

using SocketId = std::array<char, 20>;

/// What a client shows that wants to go on as the socket that it was.
struct Wish {
  std::string pid;
  std::string offset;  ///< of the last event that it received; empty: it received none
};
/// Out of a connect payload; nothing if it shows none.
std::optional<Wish> read_wish(std::string_view auth);

/// The numbers that a socket was given on one shard.
struct Epoch {
  std::uint32_t shard;
  std::uint64_t first;
  std::uint64_t last = UINT64_MAX;
};

/// A client wants to go on as the socket `at`.
struct Claim {
  Wish wish;
  std::string user;  ///< as the token says anew
  std::string nsp;
  SocketRef at;
  SocketRef by;
};
/// It is a new socket, then.
struct ClaimRefused {
  SocketRef by;
};
/// To the own shard: all that was sent here before the socket moved has been taken by now.
struct HandOverDue {
  SocketRef from;
};
/// The socket, to the shard that claimed it.
struct HandOver {
  SocketRef by;
  std::string pid;
  SocketId id;
  bool joined;  ///< the user's entry has the new place already
  bool whole;   ///< else what was missed is gone
  std::uint64_t received;
  SocketHistory::Missed missed;
  std::uint64_t begin;
  std::uint64_t withheld;
  std::vector<Epoch> epochs;
  std::uint64_t number;  ///< the last that its shard gave
};
/// That socket is one too many of those that may come back.
struct GiveUp {
  SocketRef socket;
};
using Letter = std::variant<Claim, ClaimRefused, HandOverDue, HandOver, GiveUp>;

}  // namespace signalbox::recovery
