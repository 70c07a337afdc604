#pragma once
#include <cstddef>

namespace signalbox::net {

/// Raises the soft limit of descriptors to the hard one; returns what it is now.
std::size_t raise_descriptor_limit();
/// Has the kernel make its table of this process' descriptors large enough for so many, or for 65,536 if that is less.
/// It doubles the table as it fills, and where threads share it the accept that finds it full waits until every core
/// has let go of the old one: 15 ms in which its shard does nothing.
void make_room_for_descriptors(std::size_t count);
/// How many this process has open.
std::size_t open_descriptors();

/// How many descriptors there are, and what needs them.
struct Descriptors {
  std::size_t limit = 0;
  std::size_t open = 0;  ///< before the shards are made: standard streams, the store's files, the application's own
  std::size_t shards = 1;
  std::size_t addresses = 1;  ///< that each shard listens on
  std::size_t beside = 0;     ///< for the ports of operators: their listeners and connections
};

/// Most connections over the limit that are told so at a time; more are closed unanswered.
inline constexpr std::size_t kMaxRefused = 64;

/// How many connections there may be beside all that the program itself needs; 0: there is room for none.
std::size_t connections_within(const Descriptors& descriptors);
/// The least limit with room for so many connections.
std::size_t descriptors_for(std::size_t connections, const Descriptors& descriptors);

}  // namespace signalbox::net
