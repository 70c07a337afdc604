#include <gtest/gtest.h>

#include <algorithm>
#include <stdexcept>

#include "fake_hub.hpp"
#include "unit/noted_log.hpp"

namespace signalbox::hub::test {
namespace {

using signalbox::test::NotedLog;

/// A service whose program throws in a handler of `/` and in a middleware of `/closed`.
struct Throwing {
  Throwing() {
    hub.events().without_jwt().on("bad", [](Socket&, const json&, Ack) { throw std::runtime_error("as asked"); });
    hub.events("/closed").without_jwt().use(
        [](ConnectRequest&) -> std::expected<void, ConnectRefusal> { throw std::runtime_error("as asked"); });
    hub.registry.start(hub.config);
  }
  void throw_times(int times) {
    const log::Use own(noted.log);
    FakeClient client(hub);
    client.text("0");
    for (int i = 0; i < times; ++i) {
      client.text(R"(2["bad"])");
      client.text("0/closed,");
    }
  }
  long lines(std::string_view text) const { return std::ranges::count(noted.lines, text); }

  NotedLog noted;
  FakeHub hub;
};

TEST(Thrown, by_one_services_program_takes_no_line_from_another_service) {
  Throwing noisy, quiet;
  noisy.throw_times(12);
  quiet.throw_times(1);
  EXPECT_EQ(noisy.lines("a handler threw"), 10) << "so many a minute";
  EXPECT_EQ(noisy.lines("a middleware threw"), 10);
  EXPECT_EQ(quiet.lines("a handler threw"), 1);
  EXPECT_EQ(quiet.lines("a middleware threw"), 1);
}

TEST(Thrown, by_a_handler_that_ended_its_users_last_socket_says_whose_it_was) {
  FakeHub hub{Config{.presence_grace = Milliseconds{0}}};
  const std::string ada = "ada, whose id takes memory of its own";
  hub.events().on("bad", [&hub](Socket& socket, const json&, Ack) {
    socket.disconnect();
    hub.directory.on_timer(test_now);  // as another shard may: the grace is over
    throw std::runtime_error("as asked");
  });
  hub.registry.start(hub.config);
  std::vector<std::string> users;
  const auto note = [&](const LogLine& line) {
    for (const auto& [name, value] : line.fields) {
      if (name == "user") users.emplace_back(value);
    }
  };
  const log::LogRef log = std::make_shared<log::Log>("info", false, note);
  const log::Use own(log);
  FakeClient client(hub);
  client.log_in(ada);
  client.text(R"(2["bad"])");
  EXPECT_EQ(hub.directory.sockets.user_of(ada), nullptr);
  EXPECT_EQ(users, std::vector{ada});
}

}  // namespace
}  // namespace signalbox::hub::test
