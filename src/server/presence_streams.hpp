#pragma once
#include <atomic>
#include <cstddef>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/limit.hpp"
#include "net/network.hpp"
#include "server/event_log.hpp"
#include "users/presence.hpp"

namespace signalbox::server {

/// GET /api/presence as an answer that goes on: first who is online, then who comes and who goes.
///
/// A follower has its place in its shard's log of transitions before its walk over the directory begins. So whatever
/// the walk does not see any more stands behind that place; what stands there although the walk has seen it changes
/// nothing, since each user's transitions are told in their order. The walk goes on by a few thousand users a turn, for
/// one follower of the shard at a time, and only as fast as the follower reads. One that falls behind the log has
/// missed something: its answer ends, and it begins anew.
///
/// thread  on_presence() as Presence says; what is of one shard, that shard.
class PresenceStreams final : public users::PresenceObserver {
 public:
  /// `log_bytes` bounds the transitions that wait for the followers of a shard.
  PresenceStreams(const users::Presence& presence, net::Network& network, std::size_t log_bytes);
  ~PresenceStreams();

  /// Answers this request, on its shard.
  void follow(const net::RequestId& id, TimePoint now);
  void on_presence(const std::string& user, bool online) override;

  TimePoint next_deadline(unsigned shard) const;
  void on_timer(unsigned shard, TimePoint now);

 private:
  class Follower;
  /// The followers on one shard.
  struct Shard {
    explicit Shard(std::size_t log_bytes) : log(log_bytes) {}

    EventLog log;
    std::vector<Follower*> followers{};  ///< owned by their connections
    std::deque<Follower*> reading{};     ///< of these, whose walk goes on in its turn
    bool news = false;                   ///< in the log, of which followers have not been told
    TimePoint next_news{};               ///< not before: many followers leave time for other work
    TimePoint next_comment = kNever;
    std::atomic<std::size_t> count{0};  ///< of followers, for whoever has news
  };
  void leave(Shard& shard, Follower& follower);
  void hear(Shard& shard, std::string event);

  Limit behind_{"SEND_QUEUE_BYTES is reached: a follower of GET /api/presence reads too slowly, and begins anew"};
  const users::Presence& presence_;
  net::Network& network_;
  std::vector<std::unique_ptr<Shard>> shards_;
};

}  // namespace signalbox::server
