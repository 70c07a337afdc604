#include "server/presence_streams.hpp"

#include <algorithm>
#include <utility>

#include "server/presence_events.hpp"

namespace signalbox::server {
namespace {

constexpr std::size_t kPiece = 64 * 1024;
constexpr std::size_t kUsersATurn = 4000;  ///< looked at, in some 100 µs
constexpr std::chrono::seconds kCommentEvery{15};
/// After news to all followers so much time goes to other work for each of them, several times what telling one takes.
constexpr std::chrono::microseconds kRestAFollower{25};

}  // namespace

class PresenceStreams::Follower final : public net::BodySource {
 public:
  Follower(PresenceStreams& streams, Shard& shard, const net::RequestId& id)
      : streams_(streams), shard_(shard), id_(id), place_(shard.log.end()) {
    shard.followers.push_back(this);
    ++shard.count;
    wait_for_turn();
  }
  ~Follower() override { streams_.leave(shard_, *this); }

  const net::RequestId& id() const { return id_; }
  Next next(std::string& piece) override;
  void walk_on();

 private:
  void wait_for_turn() {
    waits_for_turn_ = true;
    shard_.reading.push_back(this);
  }

  PresenceStreams& streams_;
  Shard& shard_;
  const net::RequestId id_;
  std::uint64_t place_;  ///< in the log
  users::Presence::Walk walk_{};
  bool waits_for_turn_ = false;
  std::string snapshot_;  ///< a piece of it that has not been asked for
};

net::BodySource::Next PresenceStreams::Follower::next(std::string& piece) {
  if (!shard_.log.has(place_)) {
    streams_.behind_.reached();
    return Next::end;
  }
  piece.swap(snapshot_);
  if (!walk_.over()) {
    if (!waits_for_turn_) wait_for_turn();
    return Next::later;
  }
  if (piece.empty()) shard_.log.read(place_, piece, kPiece);
  return place_ == shard_.log.end() ? Next::later : Next::more;
}

void PresenceStreams::Follower::walk_on() {
  waits_for_turn_ = false;
  SnapshotEvents events(snapshot_);
  const auto take = [&events](const std::string& user) { events.add(user); };
  for (std::size_t looked = 0; looked < kUsersATurn && snapshot_.size() < kPiece && !walk_.over();)
    looked += streams_.presence_.walk(walk_, take) + 1;
  events.finish();
  if (walk_.over()) snapshot_ += kReadyEvent;
  if (snapshot_.empty()) return wait_for_turn();
  streams_.network_.go_on(id_);
}

PresenceStreams::PresenceStreams(const users::Presence& presence, net::Network& network, std::size_t log_bytes)
    : presence_(presence), network_(network) {
  for (unsigned i = 0; i < network.shards(); ++i) shards_.push_back(std::make_unique<Shard>(log_bytes));
}

PresenceStreams::~PresenceStreams() = default;

void PresenceStreams::follow(const net::RequestId& id, TimePoint now) {
  Shard& shard = *shards_[id.shard];
  if (shard.followers.empty()) shard.next_comment = now + kCommentEvery;
  network_.stream(id,
                  {.fields = {{"Content-Type", "text/event-stream"},
                              {"Cache-Control", "no-store"},
                              {"X-Content-Type-Options", "nosniff"},
                              {"X-Accel-Buffering", "no"}},  // nginx passes it on at once
                   .body = {}},
                  std::make_unique<Follower>(*this, shard, id));
}

void PresenceStreams::leave(Shard& shard, Follower& follower) {
  std::erase(shard.followers, &follower);
  std::erase(shard.reading, &follower);
  --shard.count;
  if (!shard.followers.empty()) return;
  shard.log.clear();
  shard.next_comment = kNever;
}

// Who begins to follow counts here before its walk sees any stripe. So a transition that finds nobody counted was
// decided before the walk came to its user.
void PresenceStreams::on_presence(const std::string& user, bool online) {
  std::string event;
  for (unsigned i = 0; i < shards_.size(); ++i) {
    Shard& shard = *shards_[i];
    if (shard.count == 0) continue;
    if (event.empty()) event = presence_event(user, online);
    // Refused only by shards that have stopped.
    static_cast<void>(network_.post(i, Message::run([this, &shard, event] { hear(shard, event); })));
  }
}

void PresenceStreams::hear(Shard& shard, std::string event) {
  if (shard.followers.empty()) return;
  shard.log.add(std::move(event));
  shard.news = true;
}

TimePoint PresenceStreams::next_deadline(unsigned shard) const {
  const Shard& its = *shards_[shard];
  if (!its.reading.empty()) return TimePoint::min();
  return its.news ? std::min(its.next_news, its.next_comment) : its.next_comment;
}

void PresenceStreams::on_timer(unsigned shard, TimePoint now) {
  Shard& its = *shards_[shard];
  if (now >= its.next_comment) {
    its.next_comment = now + kCommentEvery;
    hear(its, std::string(kComment));
  }
  if (its.news && now >= its.next_news) {
    its.news = false;
    its.log.tell();
    its.next_news = now + its.followers.size() * kRestAFollower;
    for (const Follower* follower : its.followers) network_.go_on(follower->id());
  }
  if (its.reading.empty()) return;
  Follower* const next = its.reading.front();
  its.reading.pop_front();
  next->walk_on();
}

}  // namespace signalbox::server
