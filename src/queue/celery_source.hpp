#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "queue/celery_message.hpp"
#include "queue/key_walk.hpp"
#include "queue/recent_outcomes.hpp"
#include "queue/sink.hpp"
#include "queue/source.hpp"
#include "queue/untold.hpp"
#include "redis/client.hpp"
#include "redis/client_thread.hpp"
#include "redis/lease.hpp"

namespace signalbox::queue {

struct CeleryOptions {
  redis::Url url;
  std::string key_prefix;  ///< of Celery's keys: its global_keyprefix
  std::string own_prefix;  ///< of ours
  std::string node;        ///< who we are, for the lease
  CeleryReading reading;
};

/// Celery's tasks, as its Redis backend publishes them. One node hears them, by a lease. Whatever may have been missed
/// (another node read before, Redis was away, the sink took no more) is found by a walk over the backend's keys, which
/// it keeps for a day: what ended after the position in Redis is told, with some overlap, for workers' clocks differ.
///
/// thread  the queues'. source  Celery 5.5, backends/redis.py.
class CelerySource final : public Source, KeyWalk::Reader {
 public:
  static constexpr std::int64_t kOverlapMs = 60'000;

  CelerySource(redis::ClientThread& thread, Sink& sink, CeleryOptions options);

  void stop(std::move_only_function<void()> then) override;
  void append_status(std::vector<QueueStatus>& out) const override;
  TimePoint next_deadline() const override;
  void on_timer() override;

 private:
  struct Connection final : redis::Client::Observer {
    explicit Connection(CelerySource& of) : source(of) {}
    void on_up() override { source.on_connections(); }
    void on_down(const redis::Error& why) override { source.on_down(why); }
    void on_published(const redis::Published& published) override { source.on_published(published.payload); }
    CelerySource& source;
  };

  void on_connections();
  void on_down(const redis::Error& why);
  void on_lease(bool held);
  void on_published(std::string_view payload);
  void catch_up();
  void on_position(const redis::Answer& answer);
  void on_told(const redis::Answer& answer);
  void try_again();
  void tell(JobReport report);
  void on_taken(const ToldOutcome& outcome, Taken taken);
  void note_handled(const ToldOutcome& outcome);
  void store_position();

  void on_text(std::string_view text) override;
  void on_too_large(std::string_view key) override;
  bool has_room() const override;
  void on_end(bool whole) override;

  const CeleryOptions options_;
  const std::string pattern_, position_key_, told_key_;
  Sink& sink_;
  reactor::Loop& loop_;
  Connection connection_{*this};
  redis::Client& commands_;
  redis::Client& subscriber_;
  redis::Lease lease_;
  KeyWalk walk_;
  std::uint64_t term_ = 0;  ///< of the lease: answers to an earlier one are nobody's

  RecentOutcomes recent_;
  std::size_t in_flight_ = 0;            ///< outcomes that the sink has not answered
  std::int64_t from_ = 0;                ///< the walk tells what ended later
  std::int64_t position_ = 0;            ///< the newest end that was handled; 0: not known yet
  std::optional<std::int64_t> refused_;  ///< the oldest end that the sink could not take: the position stays there
  bool moved_ = false;                   ///< the position, since it was stored
  TimePoint store_at_ = kNever, again_at_ = kNever;
  Milliseconds pause_;

  std::uint64_t events_ = 0, outcomes_ = 0, gaps_ = 0;
  Untold untold_;
  log::RareWarning away_;
};

}  // namespace signalbox::queue
