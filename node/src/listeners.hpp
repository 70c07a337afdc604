#pragma once
#include <atomic>
#include <cstddef>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include <signalbox/signalbox.hpp>

#include "inbox.hpp"

namespace signalbox::node {

/// What JavaScript asked to hear in one environment (the main thread, or a worker thread).
struct Wishes {
  bool connections = false;  ///< every socket that comes, and whatever clients send
  bool middleware = false;   ///< every login
  std::unordered_set<std::string> events;
};

/// One environment among those that the engine's shards tell.
struct Listener {
  Inbox& inbox;
  Wishes wishes{};
  std::unordered_set<std::string> introduced{};  ///< ids of sockets that it knows
};

/// All environments of the process that listen. A shard that nobody listens to pays for a look at an atomic.
///
/// thread  any.
class Listeners {
 public:
  void add(Listener& listener);
  /// Nobody uses it when this returns.
  void remove(Listener& listener);
  void wish(Listener& listener, Wishes wishes);

  /// Is there a middleware to be asked?
  bool asks() const { return middleware_.load(std::memory_order_acquire); }
  /// Asks the first listener behind `after` (null: of all) that has a middleware. False: there is none, and `login` is
  /// as it was.
  bool ask(LoginAsked& login, const Listener* after);

  void on_connect(const EngineRef& engine, Socket& socket);
  void on_event(const EngineRef& engine, Socket& socket, std::string_view name, Arguments arguments, Ack ack);
  void on_disconnect(Socket& socket, std::string_view reason);

 private:
  void introduce(Listener& listener, const EngineRef& engine, Socket& socket, bool connected);
  /// False: one of them has too much to hear already.
  bool tell(const EngineRef& engine, Socket& socket, std::string_view name, Arguments arguments, Ack ack);
  void count_wishes();

  // Shards tell while environments come, go and change their minds. Nothing is waited for under it.
  std::mutex mutex_;
  std::vector<Listener*> listeners_;
  std::atomic<bool> middleware_{false}, connections_{false}, events_{false};
  std::atomic<std::size_t> introduced_{0};
};

}  // namespace signalbox::node
