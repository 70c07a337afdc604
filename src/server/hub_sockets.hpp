#pragma once
#include <expected>
#include <utility>

#include "hub/rooms.hpp"
#include "queue/python_source.hpp"

namespace signalbox::server {

/// Brings what python-socketio's managers emit past the directory to this node's sockets.
///
/// thread  any but the shards'.
class HubSockets final : public queue::OwnSockets {
 public:
  explicit HubSockets(hub::Hub& hub) : hub_(hub) {}

  std::expected<void, EmitError> emit(queue::PythonEmit event) override {
    const bool notice = event.nsp == "/" && event.rooms.empty() && event.except.empty() && event.attachments.empty();
    if (notice) return take_for_all(event);
    const hub::RoomSelection to{
        .nsp = std::move(event.nsp), .rooms = std::move(event.rooms), .except = std::move(event.except)};
    return hub::emit_to_rooms(hub_, to, event.event, event.arguments, event.attachments);
  }

 private:
  /// What is for everybody has its place in the order of broadcasts.
  std::expected<void, EmitError> take_for_all(const queue::PythonEmit& event) {
    auto frame = users::event_frame_of_arguments(event.event, event.arguments, hub_.config);
    if (!frame) return std::unexpected(frame.error());
    if (!hub_.emitter.take_for_all(users::notice_of(*std::move(frame)))) return std::unexpected(EmitError::overloaded);
    return {};
  }

  hub::Hub& hub_;
};

}  // namespace signalbox::server
