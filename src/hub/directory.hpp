#pragma once
#include <array>
#include <atomic>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.hpp"
#include "base/frame.hpp"
#include "base/message.hpp"
#include "base/mutex.hpp"

namespace signalbox::hub {

/// One user of whom something is known: who is connected through which sockets, and whether others think them online.
struct User {
  explicit User(std::string_view name) : id(name) {}
  const std::string id;
  // Guarded by the lock of the stripe that holds the entry.
  std::vector<SocketRef> sockets;
  bool online = false;            ///< announced, and not yet taken back
  TimePoint offline_at = kNever;  ///< end of the grace after the last socket went
};

struct DirectoryOptions {
  bool presence_events = true;
  Milliseconds presence_grace{5000};
  std::size_t max_connections_per_user = 500;  ///< 0: no limit
};

/// Who is connected; the one place where the order of a user's events is decided (docs/architecture.md).
///
/// thread  any. Entries are spread over stripes, each under its own lock, because emits, logins and look-ups come from
/// every
///         thread at once; under a stripe's lock only numbers are taken and references pushed to mailboxes.
class Directory {
 public:
  Directory(Mailboxes& mailboxes, DirectoryOptions options);
  ~Directory();

  struct Joined {
    const User* user;                  ///< lives at least as long as the socket is in the directory
    std::optional<SocketRef> evicted;  ///< the user's oldest socket, when the limit was passed: to be sent `41`
  };
  /// A socket of the main namespace is authenticated. Must be called on its shard, right before `40` and
  /// `authenticated` are queued to it in the same turn: what is emitted after this call lies in the mailbox, hence
  /// behind them.
  Joined join(std::string_view user, const SocketRef& socket, TimePoint now);
  /// That socket has gone.
  void leave(const User* user, const SocketRef& socket, TimePoint now);

  enum class Refusal : std::uint8_t { overloaded };
  /// Pushes one frame to every socket of the user: how many. All or none.
  std::expected<std::size_t, Refusal> emit(std::string_view user, const FrameRef& frame);
  struct Emission {
    std::string_view user;
    FrameRef frame;
  };
  /// All or none: how many of these had a socket. Order within a user is that of the list.
  std::expected<std::size_t, Refusal> emit_all(const std::vector<Emission>& emissions);

  bool online(std::string_view user) const;
  std::size_t online_count() const { return online_count_.load(std::memory_order_relaxed); }
  std::vector<std::string> online_users() const;  ///< sorted
  std::size_t connections(std::string_view user) const;

  /// The earliest end of a grace; kNever if none runs. Shard 0 calls on_timer() then.
  TimePoint next_deadline() const;
  void on_timer(TimePoint now);

 private:
  struct Stripe;
  Stripe& stripe_of(std::string_view user) const;
  void announce(const User& user, bool online);
  void arm(TimePoint deadline);

  static constexpr std::size_t kStripes = 256;
  Mailboxes& mailboxes_;
  const DirectoryOptions options_;
  const std::unique_ptr<Stripe[]> stripes_;
  std::atomic<std::size_t> online_count_{0};
  std::atomic<TimePoint::rep> next_deadline_;

  /// Presence transitions are pushed to all mailboxes under this one lock, so that no shard sees offline before online.
  Mutex presence_order_;
};

}  // namespace signalbox::hub
