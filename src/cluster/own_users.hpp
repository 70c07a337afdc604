#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.hpp"
#include "base/text.hpp"
#include "cluster/presence_scripts.hpp"

namespace signalbox::cluster {

/// The users of this node, and what Redis has of each under the node's id. It is told what it has not, one thing at a
/// time of a user, until it confirms that.
///
/// thread  its owner's.
class OwnUsers {
 public:
  using Entered = std::move_only_function<void(bool)>;

  OwnUsers(unsigned partitions, PresenceScripts& scripts, const NodeTimes& times)
      : scripts_(scripts), times_(times), partitions_(partitions) {}

  void set(unsigned partition, const std::string& user, HereState state, TimePoint now);
  void when_entered(unsigned partition, std::string_view user, Entered done);

  /// Redis says that the node lives under that id: it is told what it does not have.
  void on_alive(const std::string& node, TimePoint now);
  /// Nothing is told until the node lives, and nobody knows what Redis has.
  void on_lost();
  /// Nothing is told until the node lives under another id. Of that Redis has nothing.
  void on_swept();
  /// Whoever waits for a user to be entered goes on without that.
  void let_go();

  /// Does Redis have as many users of ours as it was told? Otherwise it is told again, and nobody else stays there.
  void check(unsigned partition);

  TimePoint next_deadline() const { return std::min(soon_.at, later_.at); }
  void on_timer(TimePoint now);

 private:
  struct User {
    HereState wanted{};
    std::optional<HereState> told = HereState{};  ///< confirmed by Redis; nothing: nobody knows what it has
    bool asking = false;                          ///< an answer is waited for
    std::vector<Entered> waiting{};
    bool settled() const { return told == wanted; }
    bool over() const { return wanted.is_gone() && settled(); }
  };
  using Users = std::unordered_map<std::string, User, TextHash, std::equal_to<>>;
  using Batch = std::vector<UserState>;
  struct Gathering {
    std::map<unsigned, std::set<std::string>> users{};  ///< by partition
    TimePoint at = kNever;
  };

  void note(unsigned partition, Users::const_iterator at);
  void fall_silent();
  static void take(Users::value_type& user, Batch& batch);
  void tell(const Gathering& gathered);
  void tell_all();
  void send(unsigned partition, const Batch& batch);
  void on_told(unsigned partition, const Batch& batch, bool done);
  bool differs(unsigned partition, std::size_t there) const;
  void mend(unsigned partition);
  void remove_strangers(unsigned partition, const std::vector<std::string>& users);

  PresenceScripts& scripts_;
  const NodeTimes times_;
  std::vector<Users> partitions_;
  std::string node_{};
  bool alive_ = false;
  bool behind_ = true;      ///< somebody is not told, and not gathered either: with the next on_alive()
  std::uint32_t era_ = 0;   ///< answers of an earlier one are nobody's
  Gathering soon_, later_;  ///< who comes and goes, or has the first client or none; whose number changes
  TimePoint now_{};
};

}  // namespace signalbox::cluster
