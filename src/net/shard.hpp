#pragma once
#include <atomic>
#include <functional>
#include <memory>
#include <span>

#include "net/acceptor.hpp"
#include "net/application.hpp"
#include "net/asked_requests.hpp"
#include "net/askers.hpp"
#include "net/budgets.hpp"
#include "net/carried_requests.hpp"
#include "net/connections.hpp"
#include "net/engine_endpoint.hpp"
#include "net/engine_sessions.hpp"
#include "net/http_server.hpp"
#include "net/network.hpp"
#include "net/relays.hpp"
#include "net/reliever.hpp"
#include "net/session_table.hpp"
#include "net/shared.hpp"
#include "net/websockets.hpp"
#include "reactor/loop.hpp"

namespace signalbox::net {

/// One thread's world: makes its parts, and turns. Nothing in it is locked, because nothing in it is touched by another
/// thread; what comes from outside comes through the mailbox.
///
/// thread  post(), has_room(), timers(), times() any; the rest its own.
class Shard final : reactor::Wheel, ConnectionEnds {
 public:
  Shard(Shared& shared, std::unique_ptr<reactor::Kernel> kernel);
  ~Shard();

  unsigned index() const { return loop_.index(); }
  bool is_current() const { return reactor::Loop::current() == &loop_; }
  void set_application(std::unique_ptr<ShardApplication> application);
  void add_listener(int fd, Door door = Door::service) { acceptor_.add(fd, door); }

  [[nodiscard]] bool post(Message&& message) { return loop_.post(std::move(message)); }
  bool has_room(std::size_t count) const { return loop_.has_room(count); }
  /// Connections and sessions with a deadline, when the last turn ended: in the middle of one, some are between two.
  std::size_t timers() const { return armed_timers_.load(std::memory_order_relaxed); }
  const reactor::LoopTimes& times() const { return loop_.times(); }

  void turn() { loop_.turn(); }
  bool stopped() const { return stopped_; }  ///< a stop has been carried out
  /// Opens no session any more and ends those there are, one of all shards after each `pace`.
  void begin_drain(Clock::duration pace, std::function<void()> drained);
  /// Stops accepting, ends every session; stopped() once all is flushed, or after 1.5 s.
  void begin_stop();

  HttpServer& http() { return http_; }
  AskedRequests& asked() { return asked_; }
  void answer(const RequestId& request, Response response);
  void stream(const RequestId& request, const Response& head, std::unique_ptr<BodySource> body);

 private:
  TimePoint next_deadline() override;
  void on_events(std::span<const reactor::KernelEvent> events) override;
  void end_turn() override;
  void on_closed(Connection& connection, CloseReason reason, bool owed) override;
  void handle(const reactor::KernelEvent& event);
  void read(Connection& connection);
  void run_timers();
  void flush();
  bool has_touched() const;
  void finish_stop();

  Shared& shared_;
  std::unique_ptr<ShardApplication> application_;
  reactor::Loop loop_;
  Budgets budgets_{shared_};
  SessionTable sessions_{shared_, loop_, budgets_};
  Connections connections_{shared_, loop_, budgets_, *this};
  WebSockets websockets_{shared_.options, loop_, connections_, sessions_, budgets_};
  Askers askers_;
  Relays relays_{shared_, loop_};
  EngineSessions engine_sessions_{shared_, loop_, sessions_, websockets_, relays_};
  EngineEndpoint endpoint_{shared_, loop_, budgets_, connections_, http_, websockets_, engine_sessions_, askers_};
  HttpServer http_{shared_, loop_, connections_, budgets_, endpoint_};
  CarriedRequests carried_{shared_, loop_, askers_};
  AskedRequests asked_{shared_.options, loop_, engine_sessions_, askers_, carried_};
  Acceptor acceptor_{shared_, loop_, http_};
  Reliever reliever_{shared_, loop_, budgets_, connections_, sessions_};

  std::atomic<std::size_t> armed_timers_{0};
  bool all_read_ = true;           ///< in this turn, of what could be read
  std::function<void()> drained_;  ///< set while draining
  TimePoint stop_deadline_ = kNever;
  bool stopped_ = false;
};

}  // namespace signalbox::net
