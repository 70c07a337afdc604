#include "hub/user_sockets.hpp"

#include <gtest/gtest.h>

#include "recovering_client.hpp"

namespace signalbox::hub::test {
namespace {

struct UserSockets : RecoveryWorld {
  UserSockets() : RecoveryWorld(quiet_config()) {
    hub.events("/admin");
    start();
  }
};

TEST_F(UserSockets, are_found_with_what_an_operator_asks_for) {
  FakeClient tab(hub, 0, "x-forwarded-for:203.0.113.9\n"), second(hub, 1), grace(hub, 1);
  tab.log_in("ada");
  tab.log_in("ada", "/admin,");
  second.log_in("ada");
  second.websocket = false;
  second.waits = 77;
  grace.log_in("grace");
  const auto refs = sockets_of(hub.hub, "ada");
  ASSERT_EQ(refs.size(), 3u);
  EXPECT_EQ(sockets_of(hub.hub, "nobody").size(), 0u);
  std::vector<SocketSight> sights;
  for (const SocketRef& ref : refs)
    for (SocketSight& sight : look_at(*hub.locals[ref.shard], {&ref, 1})) sights.push_back(std::move(sight));
  ASSERT_EQ(sights.size(), 3u);
  EXPECT_EQ(sights[0].id.size(), 20u);
  EXPECT_EQ(sights[0].address, "10.0.0.1");
  EXPECT_EQ(sights[0].forwarded_for, "203.0.113.9");
  EXPECT_EQ(sights[0].since_ms, 1'700'000'000'000);
  EXPECT_TRUE(sights[0].websocket);
  EXPECT_EQ(sights[1].shard, 1u);
  EXPECT_FALSE(sights[1].websocket);
  EXPECT_EQ(sights[1].waiting, 77u);
  EXPECT_EQ(sights[2].nsp, "/admin");
}

TEST_F(UserSockets, that_have_gone_meanwhile_are_passed_over) {
  FakeClient tab(hub, 0);
  tab.log_in("ada");
  const auto refs = sockets_of(hub.hub, "ada");
  tab.close(CloseReason::transport_close, test_now);
  EXPECT_TRUE(look_at(*hub.locals[0], refs).empty());
  EXPECT_EQ(disconnect_all(*hub.locals[0], refs), 0u);
}

}  // namespace
}  // namespace signalbox::hub::test
