#pragma once
#include <cstdint>
#include <memory>
#include <vector>

#include "hub/hub.hpp"
#include "hub/recovery.hpp"

namespace signalbox::hub {

/// The sockets of one shard by slot, and those of authenticated users in the main namespace, for broadcasts.
///
/// thread  its shard.
class LocalSockets {
 public:
  explicit LocalSockets(std::uint32_t shard) : shard_(shard) {}

  /// From now on those who go may come back (RECOVERY_WINDOW_MS). Before any socket.
  void keep_recoverable(Hub& hub) { recovery_ = std::make_unique<Recovery>(hub, *this, shard_); }
  Recovery* recovery() const { return recovery_.get(); }  ///< null: it is off

  SocketRef add(SocketState& socket, Link& link);
  /// The socket has gone; nobody finds it any more, but its slot stays its own until release().
  void vacate(const SocketRef& ref);
  void release(const SocketRef& ref);
  SocketState* find(std::uint32_t slot, std::uint32_t generation) const;
  Link& link(std::uint32_t slot) const { return *entries_[slot].link; }
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
  void broadcast(const Message& message);

  const std::uint32_t shard_;
  std::vector<Entry> entries_;
  std::vector<std::uint32_t> free_;
  std::vector<std::uint32_t> listening_;
  std::unique_ptr<Recovery> recovery_;
};

}  // namespace signalbox::hub
