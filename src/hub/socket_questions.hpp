#pragma once
#include "socketio/packet.hpp"

namespace signalbox::hub {

class SocketState;  // hub/socket_state.hpp

/// Answers what every client may ask: `jobs` and `job_status` about its user's jobs, and `presence`. False: the event
/// is none of these, or the program handles it itself.
///
/// A question costs its asker: one at a time, none while much waits for the client, those of all connections of a user
/// one after the other (Questions), and what the answer takes counts in what the client may send.
bool answer_question(SocketState& socket, const socketio::EventView& event, const socketio::PacketView& packet);

}  // namespace signalbox::hub
