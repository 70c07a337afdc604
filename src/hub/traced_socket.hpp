#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "hub/hub.hpp"
#include "hub/trace_entry.hpp"

namespace signalbox::hub {

class Traces;  // hub/traces.hpp

/// A socket's link while it is traced: passes on to its client's own, and notes what is sent. Outcomes are noted once
/// more when their receipt comes.
///
/// thread  its shard. Traces owns it, until the socket leaves.
class TracedSocket final : public Link {
 public:
  TracedSocket(SocketState& socket, Traces& traces);

  const SocketState& socket() const { return socket_; }
  /// An entry about this socket.
  TraceEntry entry(TraceEntry::What what) const;
  void note(const TraceEntry& entry) const;
  /// The client has answered the ping of that marker.
  void received(std::uint32_t marker);
  /// It leaves.
  void went(CloseReason reason) const;

  void send(FrameRef frame) override;
  void send_kept(FrameRef frame) override;
  std::size_t waiting() const override { return to_.waiting(); }
  std::size_t held() const override { return to_.held(); }
  void confirm(std::uint32_t marker) override;
  bool wants(std::uint32_t marker) const override;
  void close(CloseReason reason, TimePoint now) override { to_.close(reason, now); }
  void set_authenticated(bool authenticated) override { to_.set_authenticated(authenticated); }
  void set_user(std::string_view id) override { to_.set_user(id); }
  void set_reading(bool reading) override { to_.set_reading(reading); }
  void set_partial(std::size_t bytes) override { to_.set_partial(bytes); }
  void deadline_changed() override { to_.deadline_changed(); }
  bool over_websocket() const override { return to_.over_websocket(); }
  std::unique_ptr<Tap> tap(Watcher& watcher) override { return to_.tap(watcher); }

 private:
  /// An outcome that was sent and is not confirmed.
  struct Awaited {
    std::string event, job_id;
    std::uint32_t marker = 0;  ///< 0: its receipt has not been asked for
  };
  void note_sent(const Frame& frame);
  void await(const TraceEntry& outcome);
  void asked(std::uint32_t marker) const;

  SocketState& socket_;
  Link& to_;
  Traces& traces_;
  mutable std::vector<Awaited> awaited_;  ///< in the order in which they were sent
  std::size_t held_ = 0;                  ///< bytes, when the last frame was sent
};

}  // namespace signalbox::hub
