#pragma once
#include <cstddef>
#include <expected>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace signalbox::cluster {

// What a node answers to the requests of nodes with Socket.IO's Redis adapter (AdapterRequest), on the response channel
// of the namespace. Who subscribes to the request channel is waited for: it answers each of these, if only with an
// empty list. `request` is the request's id.
//
// thread  any. source  @socket.io/redis-adapter 8, RedisAdapter.onrequest().

/// A socket as fetchSockets() shows it.
struct AdapterSocket {
  std::string id;
  std::string handshake;  ///< a JSON object
  std::vector<std::string> rooms;
};

/// To sockets: the ids of those in the rooms.
std::string socket_ids_answer(std::string_view request, std::span<const std::string> ids);
/// To all_rooms.
std::string rooms_answer(std::string_view request, std::span<const std::string> rooms);
/// To fetch_sockets.
std::string sockets_answer(std::string_view request, std::span<const AdapterSocket> sockets);
/// To join, leave and disconnect for one socket, as older nodes ask for them: it has been done.
std::string done_answer(std::string_view request);
/// To server_side_emit: the acknowledgement's argument, JSON.
std::string server_side_answer(std::string_view request, std::string_view argument);
/// To broadcast_with_ack, first: so many sockets got the event.
std::string client_count_answer(std::string_view request, std::size_t clients);
/// To broadcast_with_ack, then for each of these: the first argument of its acknowledgement, JSON. MessagePack; the
/// error says why it cannot be written.
std::expected<std::string, std::string_view> ack_answer(std::string_view request, std::string_view argument);

}  // namespace signalbox::cluster
