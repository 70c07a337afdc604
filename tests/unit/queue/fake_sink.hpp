#pragma once
#include <atomic>
#include <functional>
#include <mutex>
#include <string>
#include <utility>

#include "queue/sink.hpp"
#include "unit/redis/told.hpp"

namespace signalbox::queue::test {

/// Notes what it is told, and answers as the test says.
class FakeSink final : public Sink {
 public:
  /// Of what is told from now on; at first all is taken.
  void answer(std::function<Taken(const std::string& told)> how) {
    const std::lock_guard lock(mutex_);
    how_ = std::move(how);
  }
  /// Of what is told from now on nothing is answered, or that again.
  void be_silent(bool silent) { silent_ = silent; }
  /// What it was told next: "42 completed 7 {…}" or "42 event {…}"; "nothing" if nothing comes.
  std::string next() { return told_.next(); }
  bool empty() { return told_.empty(); }

  void tell(const JobReport& report, Then then) override {
    static constexpr const char* kKinds[] = {"progress", "completed", "failed"};
    take(report.user + " " + kKinds[std::to_underlying(report.kind)] + " " + report.job_id + " " + report.members,
         std::move(then));
  }
  void emit(WorkerEvent event, Then then) override {
    take(event.user + " " + event.event + " " + event.arguments, std::move(then));
  }

 private:
  void take(std::string told, Then then) {
    const Taken taken = answer_to(told);
    const bool silent = silent_;  // before the test hears of it, and perhaps changes that
    told_.add(std::move(told));
    if (!silent) then(taken);
  }
  Taken answer_to(const std::string& told) {
    const std::lock_guard lock(mutex_);
    return how_ ? how_(told) : Taken::yes;
  }

  redis::test::Told told_;
  std::atomic<bool> silent_ = false;
  std::mutex mutex_;
  std::function<Taken(const std::string&)> how_;
};

}  // namespace signalbox::queue::test
