#pragma once
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <signalbox/config.hpp>

#include "base/clock.hpp"
#include "base/close_reason.hpp"
#include "base/log.hpp"
#include "base/message.hpp"
#include "hub/limits.hpp"
#include "hub/other_sockets.hpp"
#include "recovery/recovery_table.hpp"
#include "users/directory.hpp"
#include "users/emitter.hpp"
#include "users/online_pages.hpp"

namespace signalbox::hub {

class Registry;      // hub/registry.hpp
class LocalSockets;  // hub/local_sockets.hpp
class SocketState;   // hub/socket_state.hpp

/// What time it is, for calls that come from the application and so bring no time with them. Tests put their own here.
struct Clocks {
  TimePoint (*steady)() = Clock::now;
  std::chrono::system_clock::time_point (*wall)() = std::chrono::system_clock::now;
};

struct Counters {
  std::atomic<std::uint64_t> ignored_events{0};  ///< no handler wanted them
  std::atomic<std::uint64_t> handler_errors{0};  ///< handlers that threw
  std::atomic<std::size_t> pending_logins{0};    ///< which wait for a middleware at this moment
};

/// The lines of what the application's code throws: so many a minute of each kind.
struct Thrown {
  log::RareError handler{}, middleware{};
};

/// What all shards share. Built by server before the shards start; outlives them.
///
/// thread  `directory`, `emitter`, `elsewhere`, `mailboxes`, `counters`, `limits`, `thrown`, `recovery` and `others`
/// any; of `online` each shard its part; the rest is constant after start().
struct Hub {
  const Config& config;
  users::Directory& directory;
  const Registry& registry;
  Mailboxes& mailboxes;
  users::Emitter emitter{directory};
  users::OnlinePages online{directory};
  users::OtherNodes* others = nullptr;  ///< null: there is one node
  std::string node{};                   ///< the tag of this one; empty: there is one node
  OtherSockets elsewhere{};
  Counters counters{};
  recovery::RecoveryTable recovery{};
  std::vector<LocalSockets*> shards{};  ///< by shard; each touched by its shard alone
  Clocks clocks{};
  Limits limits{config};
  Thrown thrown{};
  log::LogRef log = log::current();  ///< of its service: for calls that come from the program's threads

  /// A socket by its name, on its shard's thread; nothing if it has gone.
  SocketState* find(const SocketRef& ref) const;
  /// `41` to a socket of any shard, one too many of its user's. Its connection ends with it if it has no other.
  void send_away(const SocketRef& ref);
};

/// How a client's packets reach its transport: the Engine.IO session, seen from above.
///
/// thread  the client's shard.
class Link {
 public:
  /// Hears what comes of a client right before the client itself does.
  class Watcher {
   public:
    virtual void on_text(std::string_view message) = 0;
    virtual void on_binary(std::string_view bytes) = 0;
    /// Of the markers of confirm().
    virtual void on_received(std::uint32_t marker) = 0;

   protected:
    ~Watcher() = default;
  };
  /// Brings a watcher what comes, for as long as it lives.
  class Tap {
   public:
    virtual ~Tap() = default;
  };

  virtual ~Link() = default;
  virtual void send(FrameRef frame) = 0;
  /// The same for what is told at a login: it does not count as what a slow client lets wait.
  virtual void send_kept(FrameRef frame) = 0;
  /// Bytes that wait for the client, without what was told at its login.
  virtual std::size_t waiting() const = 0;
  /// The same with what was told at its login.
  virtual std::size_t held() const = 0;
  /// The client hears a ping behind all that was sent before; its answer comes back as Client::on_received(marker).
  virtual void confirm(std::uint32_t marker) = 0;
  /// Is the ping that will confirm this marker, the newest, still to be queued? Then it confirms what is sent now, too.
  virtual bool wants(std::uint32_t marker) const = 0;
  /// Calls Client::on_closed() before it returns.
  virtual void close(CloseReason reason, TimePoint now) = 0;
  /// Has this client an accepted socket? While it has none, the limits of unauthenticated clients hold.
  virtual void set_authenticated(bool authenticated) = 0;
  virtual void set_user(std::string_view id) = 0;
  virtual void set_reading(bool reading) = 0;
  /// So many bytes of half-finished messages are held for this client (TOTAL_PARTIAL_BYTES).
  virtual void set_partial(std::size_t bytes) = 0;
  virtual void deadline_changed() = 0;
  /// Else over polling.
  virtual bool over_websocket() const = 0;
  /// One at a time. It may go from inside what it brings, and is to go before the client does.
  virtual std::unique_ptr<Tap> tap(Watcher& watcher) = 0;
};

}  // namespace signalbox::hub
