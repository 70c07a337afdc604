#pragma once
#include <gtest/gtest.h>

#include <future>
#include <string>

#include "redis/client_thread.hpp"
#include "unit/redis/scripted_redis.hpp"
#include "unit/redis/told.hpp"

namespace signalbox::redis::test {

/// A client on a thread of its own, for a test that waits for what it tells.
class LiveClient final : Client::Observer {
 public:
  explicit LiveClient(const std::string& url, ConnectionOptions options = {})
      : client_(thread_.add({.url = parse_url(url).value(), .connection = std::move(options)}, *this)) {
    thread_.start();
  }
  ~LiveClient() { thread_.stop(); }

  /// What it tells next: "up", "down: …", "confirmed …" or "channel: payload".
  std::string next() { return told_.next(); }
  /// The answer to a command.
  std::string ask(std::vector<std::string> words, Milliseconds patience = Milliseconds(5000)) {
    return begin(std::move(words), patience).get();
  }
  std::future<std::string> begin(std::vector<std::string> words, Milliseconds patience = Milliseconds(5000)) {
    std::promise<std::string> promise;
    auto answer = promise.get_future();
    on_thread([this, words = std::move(words), patience, promise = std::move(promise)]() mutable {
      client_.send(
          Command(words.begin(), words.end()),
          [promise = std::move(promise)](const Answer& got) mutable { promise.set_value(shown(got)); }, patience);
    });
    return answer;
  }
  std::string run(const Script& script, ScriptCall call) {
    std::promise<std::string> promise;
    auto answer = promise.get_future();
    on_thread([&] { client_.run(script, std::move(call), [&](const Answer& got) { promise.set_value(shown(got)); }); });
    return answer.get();
  }
  void subscribe(const std::string& channel, Subscriptions::Kind kind = Subscriptions::Kind::channel) {
    on_thread([this, channel, kind] {
      client_.subscribe(kind, channel, [this, channel](const std::expected<void, Error>& result) {
        told_.add(result ? "confirmed " + channel : "refused " + channel + ": " + result.error().text);
      });
    });
  }
  void on_thread(std::move_only_function<void()> task) { EXPECT_TRUE(thread_.post(std::move(task))); }
  void stop() { thread_.stop(); }

 private:
  void on_up() override { told_.add("up"); }
  void on_down(const Error& why) override { told_.add("down: " + why.text); }
  void on_published(const Published& published) override {
    told_.add(std::string(published.channel) + ": " + std::string(published.payload));
  }

  Told told_;
  ClientThread thread_;
  Client& client_;
};

}  // namespace signalbox::redis::test
