#pragma once
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.hpp"
#include "base/text.hpp"
#include "cluster/channels.hpp"
#include "cluster/inbox.hpp"
#include "cluster/presence_node.hpp"
#include "redis/subscriber.hpp"
#include "users/sockets.hpp"

namespace signalbox::cluster {

/// The users who are here, or about to be: each is entered into the index of all nodes, and what is published for them
/// is heard. A login waits for both.
///
/// thread  the cluster's.
class Guests {
 public:
  static constexpr Milliseconds kPatience{1000};  ///< so long a login waits

  /// What it needs of others, and what it tells them.
  struct Around {
    std::function<users::Sockets::Here(std::string_view user)> here;
    /// Both are so: goes on with the login.
    std::function<void(LoginBegun login)> ready;
    std::function<void(const std::string& user)> gone;
    /// Redis refuses to let it hear what is for a user.
    std::function<void(const redis::Error& why)> unheard;
    /// A user who is here is entered and heard again: what was published meanwhile is missed.
    std::function<void(const std::string& user)> back;
    /// Redis has not entered a user who is here: what is published meanwhile is to be looked for later.
    std::function<void(const std::string& user)> later;
  };
  /// `hears_all`: what is published for users is heard without subscriptions of theirs.
  Guests(Around around, PresenceNode& node, redis::Subscriber& subscriber, const Channels& channels, bool hears_all);

  void changed(const std::string& user, TimePoint now);
  void login_begun(LoginBegun login, TimePoint now);
  /// The same while Redis does not answer: it goes on at once.
  void login_begun_alone(LoginBegun login, TimePoint now);
  void login_ended(const std::string& user, TimePoint now);
  /// This node is entered again, after it was not for a while.
  void on_entered_again();
  /// Redis does not answer: nobody waits for it.
  void on_lost();

  bool has(std::string_view user) const { return guests_.contains(user); }
  std::size_t size() const { return guests_.size(); }
  std::uint64_t late() const { return late_; }  ///< logins that went on without an answer of Redis

  TimePoint next_deadline() const { return deadlines_.empty() ? kNever : deadlines_.front().at; }
  void on_timer(TimePoint now);

 private:
  struct Waiting {
    std::uint64_t number;
    LoginBegun login;
    bool entered = false;
  };
  struct Guest {
    std::size_t logins = 0;  ///< that are not over
    bool subscribed = false;
    bool heard = false;   ///< on this connection, or Redis refuses it
    bool missed = false;  ///< something, maybe: said once it is heard again
    std::vector<Waiting> waiting{};
  };
  using All = std::unordered_map<std::string, Guest, TextHash, std::equal_to<>>;

  void look(const std::string& user, TimePoint now);
  void leave(const std::string& user, TimePoint now);
  redis::Subscriptions::OnConfirmed when_heard(const std::string& user);
  void on_heard(const std::string& user);
  void on_entered(const std::string& user, std::uint64_t number, bool entered);
  void let_in(const std::string& user);
  void let_in_late(LoginBegun login);

  const Around around_;
  PresenceNode& node_;
  redis::Subscriber& subscriber_;
  const Channels& channels_;
  const bool hears_all_;
  All guests_;
  struct Deadline {
    TimePoint at;
    std::string user;
    std::uint64_t number;
  };
  std::deque<Deadline> deadlines_;  ///< all wait equally long
  std::uint64_t last_ = 0;          ///< number of a login
  std::uint64_t late_ = 0;
};

}  // namespace signalbox::cluster
