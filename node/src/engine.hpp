#pragma once
#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <signalbox/signalbox.hpp>

#include "listeners.hpp"

namespace signalbox::node {

/// The service in a Node process, and its way to JavaScript. Environments share it, and so do the JavaScript objects
/// that name something of it: it is destroyed with the last of them, on whichever thread that is.
///
/// thread  any.
class Engine : public std::enable_shared_from_this<Engine> {
 public:
  struct Options {
    bool jwt = true;  ///< else a middleware says who the user is
  };

  /// Starts it; nobody is let in before open(). Throws ConfigError, StartError.
  Engine(Config config, const Options& options, Listeners& listeners);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  WebSocketService& service() { return service_; }
  const Io& io() const { return io_; }
  const Config& config() const { return service_.config(); }

  void open();
  /// The middleware of `listener` has nothing against that client: the next one is asked, or it is let in.
  void admit(LoginAsked login, const Listener& listener) { go_on(std::move(login), &listener); }
  /// Drains, stops, then calls `closed` on a thread of its own: of each call.
  void close(std::function<void()> closed);
  /// Stops at once, and a drain with it.
  void stop();
  /// Is it stopped, by whichever of the two?
  bool closed() const { return closed_; }

 private:
  void on_login(const ConnectRequest& request, LoginDone done);
  void go_on(LoginAsked login, const Listener* after);
  void let_in(LoginAsked login);
  /// Null while it is destroyed: those who are told then need nothing of it.
  EngineRef self() { return weak_from_this().lock(); }

  Listeners& listeners_;
  const Options options_;
  WebSocketService service_;
  const Io io_;
  std::atomic<bool> closed_{false};
  std::atomic<bool> open_{false};
  std::mutex mutex_;  ///< shards hold logins while JavaScript opens and closes, perhaps in several threads
  std::vector<LoginAsked> held_;
  std::vector<std::function<void()>> told_;  ///< who hears that it is closed
  std::thread closer_;
};

}  // namespace signalbox::node
