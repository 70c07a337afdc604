#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "queue/celery_message.hpp"
#include "queue/key_walk.hpp"
#include "queue/leased_source.hpp"
#include "queue/recent_outcomes.hpp"
#include "queue/sink.hpp"
#include "queue/untold.hpp"

namespace signalbox::queue {

struct CeleryOptions {
  CommonOptions common;
  std::string key_prefix;  ///< of Celery's keys, as celery_key_prefix() has it
  CeleryReading reading;
};

/// Celery's tasks, as its Redis backend publishes them. One node hears them, by a lease. Whatever may have been missed
/// (another node read before, Redis was away, the sink took no more) is found by a walk over the backend's keys, which
/// it keeps for a day: what ended after the position in Redis is told, with some overlap, for workers' clocks differ.
///
/// thread  the queues'. source  Celery 5.5, backends/redis.py.
class CelerySource final : public LeasedSource, KeyWalk::Reader {
 public:
  static constexpr std::int64_t kOverlapMs = 60'000;

  CelerySource(redis::ClientThread& thread, Sink& sink, CeleryOptions options);

  void stop(std::move_only_function<void()> then) override;
  TimePoint next_deadline() const override;
  void on_timer() override;

 private:
  void on_lease(bool held) override;
  bool hears() const override { return loop_.now() >= deaf_until_; }
  void on_published(const redis::Published& published) override;
  void catch_up();
  redis::OnAnswer in_term(void (CelerySource::*member)(const redis::Answer&));
  void on_position(const redis::Answer& answer);
  void on_told(const redis::Answer& answer);
  void on_first_start(const redis::Answer& time);
  void try_again();
  void tell(JobReport report);
  void on_taken(const ToldOutcome& outcome, Taken taken);
  void note_handled(const ToldOutcome& outcome);
  void store_position();

  void on_text(std::string_view text) override;
  void on_too_large(std::string_view key) override;
  bool has_room() const override;
  void on_end(bool whole) override;

  const CeleryReading reading_;
  const std::string pattern_, position_key_, told_key_;
  Sink& sink_;
  KeyWalk walk_;
  std::uint64_t term_ = 0;  ///< of the lease: answers to an earlier one are nobody's

  RecentOutcomes recent_;
  std::int64_t from_ = 0;                   ///< the walk tells what ended later
  std::int64_t position_ = 0;               ///< the newest end that was handled; 0: not known yet
  std::optional<std::int64_t> refused_;     ///< the oldest end that the sink could not take: the position stays there
  std::multiset<std::int64_t> unanswered_;  ///< ends that the sink has not answered
  bool moved_ = false;                      ///< the position, since it was stored
  TimePoint deaf_until_{};                  ///< Redis has refused the subscription
  log::RareWarning deaf_;
  TimePoint store_at_ = kNever, again_at_ = kNever;
  Milliseconds pause_;
  Untold untold_;
};

}  // namespace signalbox::queue
