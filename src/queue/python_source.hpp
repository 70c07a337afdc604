#pragma once
#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <signalbox/utils.hpp>

#include "base/limit.hpp"
#include "queue/python_message.hpp"
#include "queue/sink.hpp"
#include "queue/source.hpp"
#include "redis/client.hpp"
#include "redis/client_thread.hpp"
#include "redis/lease.hpp"

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
  redis::Url url;
  std::string channel;
  std::string own_prefix;  ///< of our keys
  std::string node;        ///< who we are, for the lease
  PythonLimits limits;
};

/// What python-socketio's managers emit. Every node hears it. Events for users go to the sink of one node, which holds
/// a lease, and from there to all nodes and into the ledger; others (for everybody, for single sockets, past some, with
/// bytes, of other namespaces) each node tells its own sockets.
///
/// thread  the queues'. source  python-socketio 5.18, pubsub_manager.py.
class PythonSource final : public Source {
 public:
  PythonSource(redis::ClientThread& thread, Sink& sink, OwnSockets& sockets, PythonOptions options);

  void stop(std::move_only_function<void()> then) override;
  void append_status(std::vector<QueueStatus>& out) const override;
  TimePoint next_deadline() const override { return lease_.next_deadline(); }
  void on_timer() override;

 private:
  struct Connection final : redis::Client::Observer {
    explicit Connection(PythonSource& of) : source(of) {}
    void on_up() override { source.on_up(); }
    void on_down(const redis::Error& why) override { source.on_down(why); }
    void on_published(const redis::Published& published) override { source.on_published(published.payload); }
    PythonSource& source;
  };

  void on_up();
  void on_down(const redis::Error& why);
  void on_published(std::string_view payload);
  void tell_users(const PythonEmit& event);
  void refuse(std::string_view why);

  const PythonOptions options_;
  Sink& sink_;
  OwnSockets& sockets_;
  reactor::Loop& loop_;
  Connection connection_{*this};
  redis::Client& commands_;
  redis::Client& subscriber_;
  redis::Lease lease_;

  std::uint64_t events_ = 0, outcomes_ = 0;
  std::size_t in_flight_ = 0;
  Limit unreadable_{"a message of python-socketio cannot be read: it is dropped"};
  Limit refused_{"an event of python-socketio is refused"};
  log::RareWarning away_;
};

}  // namespace signalbox::queue
