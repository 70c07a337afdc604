#pragma once
#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <deque>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "queue/sink.hpp"
#include "queue/source_options.hpp"
#include "redis/client_thread.hpp"
#include "unit/redis/live_client.hpp"
#include "unit/redis/redis_server.hpp"

namespace signalbox::queue::test {

/// Notes what it is told, as "user queue/job event members", and answers as the test says.
class NotedSink final : public Sink {
 public:
  void tell(const JobReport& report, Then then) override {
    static constexpr const char* kEvents[] = {"progress", "completed", "failed"};
    Taken answer = Taken::yes;
    {
      const std::lock_guard lock(mutex_);
      if (!answers_.empty() && report.kind != JobReport::Kind::progress) {
        answer = answers_.front();
        answers_.pop_front();
      }
      told_.push_back(report.user + " " + report.queue + "/" + report.job_id + " " +
                      kEvents[std::to_underlying(report.kind)] + " " + report.members);
      reports_.push_back(report);
      changed_.notify_one();
    }
    then(answer);
  }
  void emit(WorkerEvent, Then then) override { then(Taken::yes); }

  /// What it is told next.
  std::string next() {
    std::unique_lock lock(mutex_);
    if (!changed_.wait_for(lock, std::chrono::seconds(20), [this] { return !told_.empty(); })) return "nothing";
    std::string out = std::move(told_.front());
    told_.pop_front();
    return out;
  }
  std::vector<std::string> next(std::size_t count) {
    std::vector<std::string> out;
    for (std::size_t i = 0; i < count; ++i) out.push_back(next());
    return out;
  }
  /// Outcomes are answered so, one after the other, and with Taken::yes from then on.
  void answer(std::deque<Taken> answers) {
    const std::lock_guard lock(mutex_);
    answers_ = std::move(answers);
  }
  std::vector<JobReport> reports() {
    const std::lock_guard lock(mutex_);
    return reports_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::string> told_;
  std::deque<Taken> answers_;
  std::vector<JobReport> reports_;
};

/// Asks until the answer is yes, for 20 seconds at most: a source tells nobody when its status changes, and Redis
/// nobody when a key does.
template <class Question>
bool eventually(Question question) {
  for (const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20); !question();) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return true;
}

/// A node that reads queues.
template <class Kind>
class Node {
 public:
  Node(const std::string& url, Sink& sink, SourceOptions options = {}) : source_(thread_, sink, with(url, options)) {
    thread_.start();
  }
  /// As a process that is killed, unless leave() was called.
  ~Node() { thread_.stop(); }

  /// As a process that ends in good order.
  void leave() {
    std::promise<void> left;
    run([this, &left] { source_.stop([&left] { left.set_value(); }); });
    left.get_future().wait();
    thread_.stop();
  }
  std::vector<QueueStatus> status() {
    std::vector<QueueStatus> out;
    std::promise<void> done;
    run([&] {
      source_.append_status(out);
      done.set_value();
    });
    done.get_future().wait();
    return out;
  }
  /// It stands still, as a process that is stopped, until what is returned is set.
  std::promise<void> stand_still() {
    std::promise<void> go_on, stands;
    auto stood = stands.get_future();
    run([until = go_on.get_future(), &stands]() mutable {
      stands.set_value();
      until.wait();
    });
    stood.wait();
    return go_on;
  }
  /// Waits until the queues' status is as wanted.
  template <class Wanted>
  bool await(Wanted wanted) {
    return eventually([&] {
      const auto now = status();
      return !now.empty() && wanted(now[0]);
    });
  }

 private:
  static SourceOptions with(const std::string& url, SourceOptions options) {
    options.url = redis::parse_url(url).value();
    if (options.queues.empty()) options.queues = {"image"};
    if (options.node.empty()) options.node = "node";
    options.users = JsonPaths::parse("data.userId", {"data"}).value();
    return options;
  }
  void run(std::move_only_function<void()> task) { EXPECT_TRUE(thread_.post(std::move(task))); }

  redis::ClientThread thread_;
  Kind source_;
};

struct RealQueue : testing::Test {
  void SetUp() override {
    if (!redis::test::has_redis()) GTEST_SKIP() << "there is no redis-server: apt-get install redis-server";
    server.emplace();
    client = std::make_unique<redis::test::LiveClient>(server->url());
    ASSERT_EQ(client->next(), "up");
  }

  std::string ask(std::vector<std::string> words) { return client->ask(std::move(words)); }
  /// A job's hash, as BullMQ and Bull write it.
  void add_job(const std::string& id, const std::string& data, const std::string& queue = "image") {
    ask({"HSET", "bull:" + queue + ":" + id, "name", "x", "data", data, "timestamp", "1000"});
  }
  /// A job ends, as its hash and the list of such jobs say.
  void end_hash(const std::string& id, const std::string& field, const std::string& value, const std::string& list,
                std::int64_t at_ms) {
    ask({"HSET", "bull:image:" + id, field, value, "finishedOn", std::to_string(at_ms)});
    ask({"ZADD", "bull:image:" + list, std::to_string(at_ms), id});
  }
  /// Waits until Redis has that value at that key.
  bool await(const std::vector<std::string>& words, const std::string& value) {
    return eventually([&] { return ask(words) == value; });
  }

  std::optional<redis::test::RedisServer> server;
  std::unique_ptr<redis::test::LiveClient> client;
  NotedSink sink;
};

}  // namespace signalbox::queue::test
