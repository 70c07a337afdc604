#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/counted.hpp"
#include "net/application.hpp"
#include "net/relay_line.hpp"
#include "net/session_table.hpp"
#include "reactor/stream.hpp"
#include "websocket/client_frame.hpp"

namespace signalbox::net {

class Relays;  // net/relays.hpp

/// One client whose messages another node serves. Its session stays here, with its transports and its heartbeat; each
/// message of the client goes over the line, and each one of the line to the client.
///
/// What the other node's heartbeat asks, the client answers: its pong says that all before it has arrived. Neither side
/// is read while much waits for the other.
///
/// thread  its shard's.
class Relay final : public engineio::SessionHandler {
 public:
  Relay(Relays& all, SessionEntry& entry, std::uint32_t number, reactor::Stream line, Counted place,
        SessionControl::Relayed then);
  ~Relay() override;
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;

  std::uint32_t number() const { return number_; }
  int fd() const { return stream_.fd(); }
  void on_event(const reactor::KernelEvent& event);
  /// The session has been flushed: it may have room again, or have ended.
  void on_session_flushed();
  /// It has been waited for long enough, if it still opens or ends.
  void on_patience_over();
  /// The end of a turn: what is to be written is written.
  void flush();
  bool over() const { return step_ == Step::over; }

  // Once it is the session's handler.
  void on_text(std::string_view message, TimePoint now) override;
  void on_binary(std::string_view bytes, TimePoint now) override;
  void on_closed(CloseReason reason, TimePoint now) override;
  void on_received(std::uint32_t marker, TimePoint now) override;
  TimePoint next_deadline() const override;
  void on_timer(TimePoint now) override;

 private:
  enum class Step : std::uint8_t {
    opening,  ///< the session has its old handler
    open,     ///< it has this one
    ending,   ///< the session has ended: the other node is still to get the rest
    over,
  };

  void read(bool hung_up);
  bool take(std::span<char> bytes);
  void open();
  void hear();
  void give(const RelayLine::Words& words);
  void say(websocket::ClientFrame kind, std::string_view first, std::string_view second = {});
  void lose();
  void leave(Step next);
  std::size_t most_waiting() const;
  std::size_t unsaid() const { return out_.size() - written_; }
  void write();
  void hold_back(bool held_back);
  void watch();

  Relays& all_;
  SessionEntry* entry_;  ///< null: its session has ended
  const std::uint32_t number_;
  reactor::Stream stream_;
  const Counted place_;
  SessionControl::Relayed then_;  ///< while the line opens
  RelayLine line_;
  std::string out_;  ///< for the line
  std::size_t written_ = 0;
  std::uint32_t asked_ = 0;  ///< the marker of the newest heartbeat
  TimePoint connect_until_ = kNever, silent_at_ = kNever;
  TimePoint patience_until_ = TimePoint::min();  ///< with the line, once it takes but the rest
  unsigned interest_ = reactor::Kernel::kRead;
  Step step_ = Step::opening;
  bool blocked_ = false;    ///< the kernel pushed back
  bool full_ = false;       ///< much waits for the client: the line is not read
  bool held_back_ = false;  ///< much waits for the line: the client is not read
  bool ended_ = false;      ///< the line has been told that nothing follows
};

}  // namespace signalbox::net
