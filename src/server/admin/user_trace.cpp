#include "server/admin/user_trace.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <utility>

#include "hub/traces.hpp"
#include "server/admin/admin_answers.hpp"
#include "server/admin/first_shard.hpp"
#include "server/admin/trace_stream.hpp"
#include "server/answers.hpp"

namespace signalbox::server::admin {
namespace {

constexpr std::chrono::seconds kCommentEvery{15};
constexpr std::chrono::seconds kToRead{30};  ///< behind its end, for who reads slowly

net::Response stream_head() {
  return secured(
      {.status = 200, .fields = {{"Content-Type", "text/event-stream"}, {"X-Accel-Buffering", "no"}}, .body = {}});
}

}  // namespace

class UserTraces::Follower final : public net::BodySource {
 public:
  Follower(UserTraces& traces, const Digest& of, const net::RequestId& id, TimePoint now)
      : number(++traces.last_),
        session(of),
        ends_at(now + kLasts),
        next_comment(now + kCommentEvery),
        traces_(traces),
        id_(id) {
    traces.followers_.push_back(this);
  }
  ~Follower() override { traces_.leave(*this); }

  Next next(std::string& piece) override {
    stream.take(piece);
    return !stream.empty() ? Next::more : stream.ended() ? Next::end : Next::later;
  }
  TimePoint until() const override { return ends_at + kToRead; }
  void go_on() const { traces_.network_.go_on(id_); }

  const std::uint64_t number;
  const Digest session;
  const TimePoint ends_at;
  TimePoint next_comment;
  TraceStream stream;

 private:
  UserTraces& traces_;
  const net::RequestId id_;
};

std::optional<net::Response> UserTraces::follow(Wish wish, const net::RequestId& id, TimePoint now) {
  if (followers_.size() == kMost)
    return error_response(429, fmt::format("{} traces go on already: wait until one of them has ended.", kMost));
  auto follower = std::make_unique<Follower>(*this, wish.session, id, now);
  order(*follower, wish);
  network_.stream(id, stream_head(), std::move(follower));
  return std::nullopt;
}

void UserTraces::order(const Follower& follower, const Wish& wish) {
  for (unsigned shard = 0; shard < hub_.shards.size(); ++shard) {
    auto tell = [this, number = follower.number, shard](hub::TraceRow::Lines lines) {
      run_on_first_shard(hub_, [this, number, shard, lines = std::move(lines)] { take(number, shard, lines); });
    };
    hub::begin_trace(
        hub_, shard,
        {.number = follower.number, .user = wish.user, .with_data = wish.with_data, .tell = std::move(tell)});
  }
}

// From that shard. What comes after the end is nobody's.
void UserTraces::take(std::uint64_t number, unsigned shard, const hub::TraceRow::Lines& lines) {
  const auto found = std::ranges::find(followers_, number, &Follower::number);
  if (found == followers_.end()) return;
  (*found)->stream.add(lines, unix_ms(hub_.clocks.wall()));
  (*found)->go_on();
  hub::lines_taken(hub_, shard, number);
}

void UserTraces::leave(const Follower& follower) {
  if (std::erase(followers_, &follower) != 0) hub::end_trace(hub_, follower.number);
}

// One that does not read has its end as well: it holds no place among the traces, and little memory.
void UserTraces::end(Follower& follower) {
  follower.stream.end();
  leave(follower);
  follower.go_on();
}

void UserTraces::end_of(const Digest& session) {
  const std::vector<Follower*> all = followers_;
  for (Follower* follower : all)
    if (follower->session == session) end(*follower);
}

TimePoint UserTraces::next_deadline() const {
  TimePoint next = kNever;
  for (const Follower* follower : followers_) next = std::min({next, follower->ends_at, follower->next_comment});
  return next;
}

void UserTraces::on_timer(TimePoint now) {
  for (std::size_t i = 0; i < followers_.size();) {
    Follower& follower = *followers_[i];
    if (now >= follower.ends_at) {
      end(follower);
      continue;
    }
    ++i;
    if (now < follower.next_comment) continue;
    follower.next_comment = now + kCommentEvery;
    follower.stream.comment();
    follower.go_on();
  }
}

}  // namespace signalbox::server::admin
