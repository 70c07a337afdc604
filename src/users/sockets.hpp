#pragma once
#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include "base/message.hpp"
#include "base/shared_text.hpp"
#include "users/ledger.hpp"
#include "users/presence.hpp"

namespace signalbox::users {

/// Who is connected, through which sockets.
///
/// thread  any.
class Sockets {
 public:
  /// `most` sockets a user; 0: no limit.
  Sockets(Stripes& users, Presence& presence, const Ledger& ledger, std::size_t most)
      : users_(users), presence_(presence), ledger_(ledger), most_(most) {}

  struct Joined {
    const User* user;                  ///< lives at least as long as the socket is in the directory
    std::optional<SocketRef> evicted;  ///< the user's oldest socket, when the limit was passed: to be sent `41`
    UserJobs::Replay replay;           ///< to be told right after `authenticated`, in this order
    SharedText shown;                  ///< as shared() has it
  };
  /// A socket of the main namespace is authenticated. Must be called on its shard, right before `40` and
  /// `authenticated` are queued to it in the same turn: what other threads emit after this call lies in the mailbox,
  /// hence behind them, and what was emitted before is in `replay`. `shown`: what the application may see of the user.
  Joined join(std::string_view user, const SocketRef& socket, SharedText shown = {});
  /// What the application may see of a user who has a socket here: the same text, in the memory of an earlier login's
  /// if that had the same.
  SharedText shared(const User* user, SharedText shown) const;
  /// That socket has gone for good, at once or since it left for now.
  void leave(const User* user, const SocketRef& socket, TimePoint now);
  /// That socket has gone and may come back: what is emitted still goes to it. Returns the one that has been gone
  /// longest, when the user has more of these than there may be sockets: it need not be waited for any longer.
  std::optional<SocketRef> leave_for_now(const User* user, const SocketRef& socket, TimePoint now);
  /// Its client comes back, perhaps to another shard: from now on what is emitted goes to `to` instead, which counts as
  /// connected if `from` did.
  void move(const User* user, const SocketRef& from, const SocketRef& to);
  /// A socket that was away, or moved, is connected. Returns the socket that is one too many.
  std::optional<SocketRef> come_back(const User* user, const SocketRef& socket);

  /// The entry of a user who has a socket here.
  const User* user_of(std::string_view user) const;
  /// On all nodes.
  std::size_t connections(std::string_view user) const;
  /// What this node has of a user.
  struct Here {
    bool online = false;
    std::size_t connected = 0, away = 0;  ///< sockets
  };
  Here here(std::string_view user) const;
  /// Those of this node that are connected.
  std::vector<SocketRef> connected(std::string_view user) const;
  /// All that the user has, also those that have gone and may come back.
  std::vector<SocketRef> of(std::string_view user) const;

 private:
  void connect(Stripe& stripe, User& user, const SocketRef& socket) SB_REQUIRES(stripe.mutex);
  void changed(const User& user) const;
  std::optional<SocketRef> one_too_many(const User& user) const;
  static bool take_out(User& user, const SocketRef& socket);
  static SharedText shared_of(User& user, SharedText shown);

  Stripes& users_;
  Presence& presence_;
  const Ledger& ledger_;
  const std::size_t most_;
};

}  // namespace signalbox::users
