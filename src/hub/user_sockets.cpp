#include "hub/user_sockets.hpp"

#include "hub/client.hpp"
#include "hub/handshake.hpp"
#include "hub/local_sockets.hpp"
#include "hub/socket_state.hpp"

namespace signalbox::hub {
namespace {

constexpr std::size_t kMostForwarded = 200;

/// Calls `visit` with those that clients have at this moment.
template <class Visit>
void each_of(const LocalSockets& local, std::span<const SocketRef> sockets, Visit visit) {
  for (const SocketRef& ref : sockets) {
    SocketState* socket = local.find(ref.slot, ref.generation);
    if (socket && socket->welcomed() && !socket->left()) visit(*socket);
  }
}

}  // namespace

std::vector<SocketRef> sockets_of(const Hub& hub, std::string_view user) {
  std::vector<SocketRef> all = hub.directory.sockets.connected(user);
  for (const SocketRef& other : hub.elsewhere.of(user)) all.push_back(other);
  return all;
}

std::vector<SocketSight> look_at(const LocalSockets& local, std::span<const SocketRef> sockets) {
  std::vector<SocketSight> sights;
  each_of(local, sockets, [&](SocketState& socket) {
    Client& client = socket.client();
    sights.push_back({.id = std::string(socket.id()),
                      .nsp = std::string(socket.nsp().name),
                      .websocket = client.link().over_websocket(),
                      .since_ms = client.handshake().issued_ms(),
                      .address = client.handshake().remote_address(),
                      .forwarded_for = header_of(client.handshake(), "x-forwarded-for").substr(0, kMostForwarded),
                      .waiting = client.link().held(),
                      .shard = local.shard()});
  });
  return sights;
}

std::size_t disconnect_all(const LocalSockets& local, std::span<const SocketRef> sockets) {
  std::size_t count = 0;
  each_of(local, sockets, [&](SocketState& socket) {
    socket.client().disconnect(socket, true);
    ++count;
  });
  return count;
}

}  // namespace signalbox::hub
