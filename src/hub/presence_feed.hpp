#pragma once
#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

#include "base/audience.hpp"
#include "base/clock.hpp"
#include "base/frame.hpp"
#include "hub/presence_log.hpp"
#include "users/directory.hpp"

namespace signalbox::hub {

class Link;  // hub/hub.hpp

struct PresenceLimits {
  std::size_t sockets = 1000;          ///< that are told something in one turn: a `send` each, of 5 to 10 µs
  std::size_t references = 50'000;     ///< put into queues in one turn, of 50 ns each
  std::size_t queue = 16 * 1024;       ///< bytes; so far a queue is filled, for past that it looks for what is outdated
  std::size_t slow_queue = 64 * 1024;  ///< one that never drains that far gets a little once a second, if no more waits
  std::size_t short_log = 1024;        ///< transitions of which nothing is left out
  Milliseconds notice_waits{10'000};   ///< so long a notice waits for a queue to drain, and no longer
};

/// Tells the sockets of one shard who comes and who goes, as fast as each of them takes it, and in the same order what
/// the application tells everybody.
///
/// Thousands who come or go at once are as many references for each of thousands of sockets. So each socket has its
/// place in a log, and a turn serves so many of them, one after the other. A socket whose queue has not drained is
/// passed over and looked at again later: while it lags it costs its place alone. Few transitions for few sockets leave
/// in the turn in which they came.
///
/// A notice is told to whoever has any room. After a while it is told without room as well, with all before it: a slow
/// client is closed for it then, as for any event, and does not keep it here.
///
/// thread  its shard.
class PresenceFeed {
 public:
  explicit PresenceFeed(const PresenceLimits& limits) : limits_(limits), log_(limits.short_log) {}

  /// From now on all that is told has an offset. Before any socket listens.
  void set_offsets(recovery::Offsets& offsets) { offsets_ = &offsets; }
  /// The socket in that slot hears what comes from now on, and after `heard`, as far as it is for its user.
  void listen(std::uint32_t slot, Link& link, const users::User& user, std::uint64_t heard);
  /// If it listens: from now on through this link.
  void set_link(std::uint32_t slot, Link& link);
  /// If it listens.
  void leave(std::uint32_t slot);
  /// A transition, or a notice, which has no key; `sequence` counts them over all shards and rises. `number`: under
  /// which it is told, if it is to have an offset.
  void add(std::uint64_t sequence, FrameRef frame, Audience to, std::uint64_t number = 0);

  TimePoint next_deadline() const { return due_; }
  void on_timer(TimePoint now);

  /// Transitions that somebody has not heard.
  std::size_t log_size() const { return log_.size(); }

 private:
  struct Listener {
    Link* link;
    const users::User* user;
    std::uint64_t heard;  ///< all up to there
    std::uint32_t hash;   ///< of the user's id
    std::uint32_t slot;
  };
  void begin_round(TimePoint now);
  std::size_t room(std::size_t waiting) const;
  void look_at_notices(TimePoint now);
  std::size_t tell(Listener& to, std::size_t room, std::size_t most);
  const FrameRef& first_for(const Listener& to, PresenceLog::Entry& entry);
  const FrameRef& shown(PresenceLog::Entry& entry);
  void put(const Listener& listener, std::size_t place);

  const PresenceLimits limits_;
  PresenceLog log_;
  recovery::Offsets* offsets_ = nullptr;  ///< null: what is told has none
  std::deque<Listener> listeners_;        ///< no vector, of which up to half would lie idle
  std::vector<std::uint32_t> places_;     ///< by slot: 1 + where it stands in listeners_; 0: nowhere
  TimePoint due_ = kNever;

  struct Notice {
    std::uint64_t sequence;  ///< of the newest that came in that turn
    TimePoint came;
  };
  std::deque<Notice> notices_;  ///< which somebody has still to hear
  std::uint64_t late_ = 0;      ///< all up to there have waited long enough

  // A round looks at every listener once, in as many turns as it takes.
  std::size_t next_ = 0;                     ///< those before it were looked at in this round
  std::uint64_t heard_by_all_ = UINT64_MAX;  ///< of those
  bool slow_ones_too_ = false;               ///< in this round those whose queues stay full are told something as well
  TimePoint slow_ones_at_{};
};

}  // namespace signalbox::hub
