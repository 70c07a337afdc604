#pragma once
#include <algorithm>
#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/frame.hpp"
#include "queue/held_progress.hpp"
#include "queue/sink.hpp"
#include "reactor/part.hpp"
#include "users/emitter.hpp"

namespace signalbox::queue {

struct BridgeOptions {
  users::EmitLimits limits{};
  Milliseconds hold{100};  ///< of the first progress of a job; 0: it is told at once
  HeldProgress::Bounds most_held{.jobs = 1u << 17, .bytes = 64u << 20};  ///< what comes beyond is told at once
};

/// Users are told what queues say of their jobs. What their workers have told already is left out in the ledger (see
/// users::ToldOnce), on each node for the sockets there.
///
/// Held progress counts as taken; so does progress that waits because the server is overloaded. Whatever is no outcome
/// is answered before its call returns; all outcomes that queues tell of within kGather are written, and so answered,
/// together: users have them at once, and only how far a queue was told waits for the disk.
///
/// thread  the queues', whose part it is.
class Bridge final : public Sink, public reactor::Part {
 public:
  static constexpr Milliseconds kGather{20};

  struct Around {
    std::function<TimePoint()> now;  ///< of this turn
    /// Runs it on the queues' thread. Called on any, and until the store has ended. False: that thread has ended.
    std::function<bool(std::move_only_function<void()>)> post;
  };
  Bridge(users::Emitter& emitter, const BridgeOptions& options, Around around)
      : emitter_(emitter), options_(options), around_(std::move(around)), held_(options.most_held) {}

  void tell(const JobReport& report, Then then) override;
  void emit(WorkerEvent event, Then then) override;

  TimePoint next_deadline() const override { return std::min(held_.next(), write_at_); }
  void on_event(const reactor::KernelEvent&) override {}
  void on_timer() override;
  void flush() override;

 private:
  static constexpr Milliseconds kTooLate{1000};
  struct Waiting {
    std::string user;
    FrameRef outcome;
    Then then;
  };
  void when_durable(users::CommitGroup group, std::move_only_function<void(users::Commit)> then) const;
  bool hold(const std::string& user, users::EncodedEvent& event);
  bool hold_again(const std::string& user, users::EncodedEvent& event);

  users::Emitter& emitter_;
  const BridgeOptions options_;
  const Milliseconds pause_ = options_.hold != Milliseconds{0} ? options_.hold : Milliseconds{100};
  const Around around_;
  HeldProgress held_;
  users::CommitGroup group_ = 0;  ///< of outcomes whose commit nobody has asked for
  std::vector<Waiting> waiting_;  ///< for it
  TimePoint write_at_ = kNever;   ///< it is asked for
};

}  // namespace signalbox::queue
