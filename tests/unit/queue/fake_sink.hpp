#pragma once
#include <gtest/gtest.h>

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <utility>

#include "base/clock.hpp"
#include "queue/sink.hpp"

namespace signalbox::queue::test {

/// Notes what it is told, and answers as the test says.
class FakeSink final : public Sink {
 public:
  /// Of what is told from now on; at first all is taken.
  void answer(std::function<Taken(const std::string& told)> how) {
    const std::lock_guard lock(mutex_);
    how_ = std::move(how);
  }
  /// What it was told next: "42 completed 7 {…}" or "42 event {…}"; "nothing" if nothing comes.
  std::string next(Milliseconds patience = Milliseconds(20'000)) {
    std::unique_lock lock(mutex_);
    if (!changed_.wait_for(lock, patience, [this] { return !told_.empty(); })) return "nothing";
    std::string out = std::move(told_.front());
    told_.pop_front();
    return out;
  }
  bool empty() {
    const std::lock_guard lock(mutex_);
    return told_.empty();
  }

  void tell(JobReport report, Then then) override {
    static constexpr const char* kKinds[] = {"progress", "completed", "failed"};
    take(report.user + " " + kKinds[std::to_underlying(report.kind)] + " " + report.job_id + " " + report.members,
         std::move(then));
  }
  void emit(WorkerEvent event, Then then) override {
    take(event.user + " " + event.event + " " + event.data, std::move(then));
  }

 private:
  void take(std::string told, Then then) {
    Taken taken = Taken::yes;
    {
      const std::lock_guard lock(mutex_);
      if (how_) taken = how_(told);
      told_.push_back(std::move(told));
      changed_.notify_one();
    }
    then(taken);
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::string> told_;
  std::function<Taken(const std::string&)> how_;
};

}  // namespace signalbox::queue::test
