#pragma once
#include <expected>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <signalbox/utils.hpp>

#include "base/limit.hpp"
#include "queue/leased_source.hpp"
#include "queue/python_message.hpp"
#include "queue/sink.hpp"

namespace signalbox::queue {

/// Tells this node's own sockets; `server` brings it to the hub.
///
/// thread  the queues'.
class OwnSockets {
 public:
  virtual std::expected<void, EmitError> emit(PythonEmit event) = 0;

 protected:
  ~OwnSockets() = default;
};

struct PythonOptions {
  CommonOptions common;
  std::string channel;
  PythonLimits limits;
};

/// What python-socketio's managers emit. Every node hears it. Events for users go to the sink of one node, which holds
/// a lease, and from there to all nodes and into the ledger; others (for everybody, for single sockets, past some, with
/// bytes, of other namespaces) each node tells its own sockets. An outcome for both goes both ways.
///
/// thread  the queues'. source  python-socketio 5.18, pubsub_manager.py.
class PythonSource final : public LeasedSource {
 public:
  PythonSource(redis::ClientThread& thread, Sink& sink, OwnSockets& sockets, PythonOptions options);

  void stop(std::move_only_function<void()> then) override;
  TimePoint next_deadline() const override;
  void on_timer() override;

 private:
  bool hears() const override { return hears_; }
  void listen();
  void on_refused(const redis::Error& why);
  void on_published(const redis::Published& published) override;
  void tell_sockets(PythonEmit event);
  void tell_users(const PythonEmit& event, const std::vector<std::string>& rooms);
  void refuse(std::string_view why);

  const PythonOptions options_;
  Sink& sink_;
  OwnSockets& sockets_;
  bool hears_ = false, stopped_ = false;
  TimePoint listen_at_ = kNever;  ///< once more, after it was refused
  log::RareWarning deaf_;
  Limit unreadable_{"a message of python-socketio cannot be read: it is dropped"};
  Limit refused_{"an event of python-socketio is refused"};
};

}  // namespace signalbox::queue
