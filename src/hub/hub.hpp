#pragma once
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <signalbox/config.hpp>
#include <signalbox/event_registry.hpp>

#include "base/close_reason.hpp"
#include "base/message.hpp"
#include "hub/directory.hpp"

namespace signalbox::hub {

class Registry;     // hub/registry.hpp: namespaces with their handlers and middleware chains; constant after start()
class SocketState;  // hub/socket_state.hpp: one Socket.IO socket, behind the public Socket

/// What all shards share. Built by server before the shards start; outlives them.
///
/// thread  `directory` any; the rest is constant after start().
struct Hub {
  const Config& config;
  Directory& directory;
  const Registry& registry;
  Mailboxes& mailboxes;
};

/// The sockets of one shard by slot, and those of authenticated users in the main namespace, for broadcasts.
///
/// thread  its shard.
class LocalSockets {
 public:
  explicit LocalSockets(std::uint32_t shard) : shard_(shard) {}
  SocketRef add(SocketState& socket);
  void remove(const SocketRef& ref);
  SocketState* find(std::uint32_t slot, std::uint32_t generation) const;
  /// Puts an authenticated main-namespace socket in the broadcast list, or takes it out (remove() does as well).
  void set_listening(const SocketRef& ref, bool listening);
  /// Delivers or broadcasts.
  void on_message(Message& message, TimePoint now);

 private:
  struct Entry {
    SocketState* socket = nullptr;
    std::uint32_t generation = 0;
    std::uint32_t listening_at = 0;  ///< 1 + its place in listening_; 0: not there
  };
  std::uint32_t shard_;
  std::vector<Entry> entries_;
  std::vector<std::uint32_t> free_;
  std::vector<std::uint32_t> listening_;
};

/// How a client's packets reach its transport: the Engine.IO session, seen from above.
///
/// thread  the client's shard.
class Link {
 public:
  virtual ~Link() = default;
  virtual void send(FrameRef frame) = 0;
  virtual void confirm(std::uint64_t marker) = 0;
  virtual void close(CloseReason reason, TimePoint now) = 0;
  /// This client has an authenticated socket now: the limits of strangers no longer hold.
  virtual void set_authenticated() = 0;
  virtual void set_reading(bool reading) = 0;
  virtual void deadline_changed() = 0;
};

/// The facts of the request that opened a client's session; kept small, parsed when asked for.
struct HandshakeFacts {
  std::string head;  ///< raw request line and fields
  std::string remote_address;
  std::int64_t issued_ms = 0;
};

}  // namespace signalbox::hub
