#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "hub/hub.hpp"
#include "hub/traced_socket.hpp"

namespace signalbox::hub {

class Client;       // hub/client.hpp
class SocketState;  // hub/socket_state.hpp
class Traces;       // hub/traces.hpp

/// A client some of whose sockets are traced: what it says is noted for the socket that it is for.
///
/// thread  its shard.
class TracedClient final : Link::Watcher {
 public:
  TracedClient(Client& client, Traces& traces);

  /// Nothing happens if it is traced already.
  TracedSocket& add(SocketState& socket);
  TracedSocket* find(const SocketState& socket) const;
  /// From now on it is not traced.
  void remove(const SocketState& socket);
  bool empty() const { return sockets_.empty(); }
  const std::vector<std::unique_ptr<TracedSocket>>& sockets() const { return sockets_; }

 private:
  void on_text(std::string_view message) override;
  void on_binary(std::string_view bytes) override;
  void on_received(std::uint32_t marker) override;
  TracedSocket* of_namespace(std::string_view nsp) const;

  Client& client_;
  Traces& traces_;
  std::vector<std::unique_ptr<TracedSocket>> sockets_;
  std::string spoken_to_;  ///< the namespace of its last packet, whose attachments may follow
  std::unique_ptr<Link::Tap> tap_;
};

}  // namespace signalbox::hub
