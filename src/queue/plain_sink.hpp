#pragma once
#include "queue/sink.hpp"
#include "reactor/loop.hpp"
#include "users/emitter.hpp"

namespace signalbox::queue {

/// Emits what it is told as it comes, each outcome in a group of its own.
class PlainSink final : public Sink {
 public:
  /// `loop`: of the queues' thread.
  PlainSink(users::Emitter& emitter, reactor::Loop& loop, const users::EmitLimits& limits)
      : emitter_(emitter), loop_(loop), limits_(limits) {}

  void tell(JobReport report, Then then) override;
  void emit(WorkerEvent event, Then then) override;

 private:
  users::Emitter& emitter_;
  reactor::Loop& loop_;
  const users::EmitLimits limits_;
};

}  // namespace signalbox::queue
