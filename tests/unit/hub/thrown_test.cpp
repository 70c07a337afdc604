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

}  // namespace
}  // namespace signalbox::hub::test
