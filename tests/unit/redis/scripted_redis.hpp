#pragma once
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "redis/connection.hpp"

namespace signalbox::redis::test {

using std::chrono::seconds;

/// A command as Redis reads it.
inline std::string encoded(const Command& command) {
  std::string out;
  append_command(command, out);
  return out;
}

/// What somebody was answered: "3", "text", "nil", "[a b]", or "refused: …" and its like. Empty: nothing yet.
inline std::string shown(const Reply& reply) {
  if (reply.kind == Reply::Kind::nil) return "nil";
  if (reply.kind == Reply::Kind::integer) return std::to_string(reply.number);
  if (reply.kind != Reply::Kind::array) return reply.text;
  std::string out = "[";
  for (const Reply& element : reply.elements) out += (out.size() > 1 ? " " : "") + shown(element);
  return out + "]";
}
inline std::string shown(const Answer& answer) {
  static constexpr std::array<const char*, 5> kKinds{"down", "full", "lost", "late", "refused"};
  return answer ? shown(*answer)
                : kKinds[static_cast<std::size_t>(answer.error().kind)] + std::string(": ") + answer.error().text;
}

/// Notes answers in the order in which they come.
struct Answers {
  OnAnswer note() {
    return [this](const Answer& answer) { got.push_back(shown(answer)); };
  }
  std::vector<std::string> take() { return std::exchange(got, {}); }
  std::vector<std::string> got;
};

/// A connection whose other side, and whose clock, are the test's.
struct ConnectionTest : testing::Test, Connection::Observer {
  void on_ready() override { ++ready; }
  void on_published(const Published& published) override {
    heard.push_back(std::string(published.pattern) + "|" + std::string(published.channel) + "|" +
                    std::string(published.payload));
  }
  Connection& begin(ConnectionOptions options = {}) { return connection.emplace(std::move(options), *this, now); }
  /// One that has said its handshake.
  Connection& ready_one(ConnectionOptions options = {}) {
    begin(std::move(options));
    expect_sent({{"SELECT", "0"}});
    say("+OK\r\n");
    EXPECT_EQ(ready, 1);
    return *connection;
  }
  void say(std::string_view bytes) { connection->take(bytes, now); }
  void expect_sent(const std::vector<Command>& commands) {
    std::string expected;
    for (const Command& command : commands) expected += encoded(command);
    EXPECT_EQ(connection->unwritten(), expected);
    connection->wrote(connection->unwritten().size());
  }
  void send(const Command& command) { connection->send(command, answers.note(), now); }
  void pass(Milliseconds time) {
    now += time;
    connection->on_timer(now);
  }
  std::string end_text() const { return connection->ended() ? connection->ended()->text : ""; }

  TimePoint now{std::chrono::hours(1)};
  std::optional<Connection> connection;
  Answers answers;
  std::vector<std::string> heard;
  int ready = 0;
};

}  // namespace signalbox::redis::test
