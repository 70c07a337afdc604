#pragma once
#include <cstdint>
#include <functional>
#include <string>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "redis/commands.hpp"

namespace signalbox::redis {

/// A key in Redis that one of several holds: whoever sets it first, as long as it renews it. When the holder dies,
/// another one takes it when its term has ended.
///
/// thread  that of `commands`. It outlives the last answer.
class Lease {
 public:
  static constexpr Milliseconds kTerm{3000}, kRenew{1000};
  /// Told of each change: is it held from now on?
  using OnChange = std::move_only_function<void(bool held)>;

  /// `holder`: who we are, among all who may want it.
  Lease(Commands& commands, std::string key, std::string holder, OnChange on_change);
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;

  bool held() const { return held_; }
  /// The same, and its term has not ended by now: what would be done for it may still be done.
  bool held(TimePoint now) const { return held_ && now < until_; }
  /// Who held it when Redis was asked last; empty: not known.
  const std::string& holder() const { return held_by_; }
  /// There is a connection: it is wanted from now on.
  void begin(TimePoint now) { renew_at_ = now; }
  /// There is none, or it is not wanted any more: not held, and not asked for.
  void end();
  /// The same, and free for others at once.
  void leave();
  TimePoint next_deadline() const { return renew_at_; }
  /// `able`: a holder that could not do its work lets its term end.
  void on_timer(TimePoint now, bool able = true);

 private:
  void ask(const Script& script, TimePoint until);
  void on_answer(const Answer& answer, TimePoint until);
  void set(bool held);

  Commands& commands_;
  const std::string key_, self_;
  OnChange on_change_;
  std::string held_by_;
  bool held_ = false;
  TimePoint renew_at_ = kNever;
  std::uint64_t wish_ = 0;  ///< answers to what was asked before it ended are nobody's
  TimePoint until_{};       ///< our term, as we know it
  log::RareWarning full_, refused_;
};

}  // namespace signalbox::redis
