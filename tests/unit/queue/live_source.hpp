#pragma once
#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "queue/leased_source.hpp"
#include "queue/source.hpp"
#include "redis/client_thread.hpp"
#include "unit/queue/fake_sink.hpp"
#include "unit/redis/redis_server.hpp"

namespace signalbox::queue::test {

/// Of the node of this name.
inline CommonOptions common_options(const redis::test::RedisServer& server, const std::string& node) {
  return {.url = redis::parse_url(server.url()).value(), .own_prefix = "sb", .node = node};
}

/// A source on a thread of its own, as one node has it.
template <typename S>
class LiveSource {
 public:
  template <typename... Arguments>
  explicit LiveSource(Arguments&&... arguments) : source_(thread_, std::forward<Arguments>(arguments)...) {
    thread_.start();
  }
  ~LiveSource() { stop(); }
  /// As a node that stops in good order.
  void stop() {
    if (std::exchange(stopped_, true)) return;
    std::promise<void> told;
    on_thread([&] { source_.stop([&] { told.set_value(); }); });
    told.get_future().wait();
    thread_.stop();
  }
  /// As a node that dies: its lease ends by itself.
  void die() {
    stopped_ = true;
    thread_.stop();
  }
  QueueStatus status() {
    std::vector<QueueStatus> rows;
    on_thread([&] { source_.append_status(rows); });
    return rows.at(0);
  }
  /// Until somebody reads.
  void await_reader() {
    while (status().reader.empty()) std::this_thread::yield();
  }

 private:
  void on_thread(std::move_only_function<void()> task) {
    std::promise<void> done;
    if (!thread_.post([&] {
          task();
          done.set_value();
        }))
      return;
    done.get_future().wait();
  }

  redis::ClientThread thread_;
  S source_;
  bool stopped_ = false;
};

}  // namespace signalbox::queue::test
