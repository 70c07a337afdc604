#include "hub/traced_socket.hpp"

#include <algorithm>
#include <utility>

#include "hub/client.hpp"
#include "hub/socket_state.hpp"
#include "hub/traces.hpp"
#include "users/job_name.hpp"

namespace signalbox::hub {
namespace {

constexpr std::size_t kMostAwaited = 256;

/// Did the connection break, so that nobody reads what waits?
bool broke(CloseReason reason) {
  return reason != CloseReason::server_namespace_disconnect && reason != CloseReason::client_namespace_disconnect;
}

bool of_a_job(const Frame& frame) {
  return frame.kind() == FrameKind::progress || frame.kind() == FrameKind::outcome;
}

}  // namespace

TracedSocket::TracedSocket(SocketState& socket, Traces& traces)
    : socket_(socket), to_(socket.client().link()), traces_(traces) {}

TraceEntry TracedSocket::entry(TraceEntry::What what) const {
  return {.what = what,
          .at_ms = unix_ms(socket_.client().hub().clocks.wall()),
          .socket = socket_.id(),
          .nsp = socket_.nsp().name};
}

void TracedSocket::note(const TraceEntry& entry) const {
  traces_.note(socket_.owner().id(), entry);
}

void TracedSocket::send(FrameRef frame) {
  note_sent(*frame);
  to_.send(std::move(frame));
  held_ = to_.held();
}

void TracedSocket::send_kept(FrameRef frame) {
  note_sent(*frame);
  to_.send_kept(std::move(frame));
  held_ = to_.held();
}

// A text frame is Engine.IO's type, then the Socket.IO packet.
void TracedSocket::note_sent(const Frame& frame) {
  TraceEntry sent = entry(TraceEntry::What::sent);
  sent.bytes = frame.packet().size();
  if (frame.binary()) {
    sent.packet = "attachment";
  } else {
    describe_packet(sent, frame.packet().substr(1));
    if (of_a_job(frame)) sent.job_id = users::job_name(frame.key()).id;
  }
  note(sent);
  if (frame.kind() == FrameKind::outcome && !sent.job_id.empty()) await(sent);
}

void TracedSocket::await(const TraceEntry& outcome) {
  if (awaited_.size() == kMostAwaited) {
    awaited_.erase(awaited_.begin());
    traces_.lose(socket_.owner().id());
  }
  awaited_.push_back({.event = outcome.event, .job_id = std::string(outcome.job_id)});
}

void TracedSocket::confirm(std::uint32_t marker) {
  asked(marker);
  to_.confirm(marker);
}

// Asked behind an outcome. Where the answer is yes, the ping of that marker confirms it as well.
bool TracedSocket::wants(std::uint32_t marker) const {
  const bool wanted = to_.wants(marker);
  if (wanted) asked(marker);
  return wanted;
}

void TracedSocket::asked(std::uint32_t marker) const {
  for (Awaited& each : awaited_)
    if (each.marker == 0) each.marker = marker;
}

void TracedSocket::received(std::uint32_t marker) {
  std::erase_if(awaited_, [&](const Awaited& each) {
    if (each.marker == 0 || each.marker > marker) return false;
    TraceEntry confirmed = entry(TraceEntry::What::confirmed);
    confirmed.event = each.event;
    confirmed.job_id = each.job_id;
    note(confirmed);
    return true;
  });
}

// A slow client's queue has been given up by now.
void TracedSocket::went(CloseReason reason) const {
  const std::size_t unread = reason == CloseReason::slow_consumer ? held_ : to_.held();
  if (broke(reason) && unread != 0) {
    TraceEntry dropped = entry(TraceEntry::What::dropped);
    dropped.bytes = unread;
    note(dropped);
  }
  TraceEntry left = entry(TraceEntry::What::disconnected);
  left.reason = to_text(reason);
  note(left);
}

}  // namespace signalbox::hub
