#pragma once
#include <expected>
#include <string>
#include <utility>

#include "cluster/adapter_peers.hpp"
#include "hub/rooms.hpp"

namespace signalbox::server {

/// Brings what a Socket.IO adapter does to rooms to the hub.
///
/// thread  any.
class HubRooms final : public cluster::RoomActions {
 public:
  explicit HubRooms(hub::Hub& hub) : hub_(hub) {}
  std::expected<void, EmitError> emit(cluster::AdapterMessage message) override {
    const hub::RoomSelection to{
        .nsp = std::move(message.nsp), .rooms = std::move(message.to.rooms), .except = std::move(message.to.except)};
    return hub::emit_to_rooms(hub_, to, message.event, message.arguments, message.attachments, message.is_volatile);
  }
  void disconnect(const std::string& nsp, const cluster::AdapterRooms& of, bool close) override {
    hub::disconnect_rooms(hub_, {.nsp = nsp, .rooms = of.rooms, .except = of.except}, close);
  }

 private:
  hub::Hub& hub_;
};

}  // namespace signalbox::server
