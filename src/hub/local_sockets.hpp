#pragma once
#include <cstdint>
#include <vector>

#include "hub/hub.hpp"

namespace signalbox::hub {

/// The sockets of one shard by slot, and those of authenticated users in the main namespace, for broadcasts.
///
/// thread  its shard.
class LocalSockets {
 public:
  explicit LocalSockets(std::uint32_t shard) : shard_(shard) {}

  SocketRef add(SocketState& socket, Link& link);
  void remove(const SocketRef& ref);
  SocketState* find(std::uint32_t slot, std::uint32_t generation) const;
  /// From now on this socket hears broadcasts, but for those that leave `user` out.
  void listen(const SocketRef& ref, const void* user);
  /// Delivers or broadcasts; the frame is taken out of a delivery.
  void on_message(Message& message);

 private:
  struct Entry {
    SocketState* socket = nullptr;
    Link* link = nullptr;  ///< beside the socket, so that a delivery need not touch the socket itself
    const void* user = nullptr;
    std::uint32_t generation = 0;
    std::uint32_t listening_at = 0;  ///< 1 + its place in listening_; 0: not there
  };
  const Entry* entry(std::uint32_t slot, std::uint32_t generation) const;
  void stop_listening(Entry& entry);

  const std::uint32_t shard_;
  std::vector<Entry> entries_;
  std::vector<std::uint32_t> free_;
  std::vector<std::uint32_t> listening_;
};

}  // namespace signalbox::hub
