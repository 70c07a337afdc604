#include <gtest/gtest.h>

#include <optional>

#include "fake_hub.hpp"

namespace signalbox::hub::test {
namespace {

/// A program that keeps the handle of ada's socket, which lives on shard 1.
struct SocketHandleTest : testing::Test {
  void SetUp() override {
    hub.events().on_connect([this](Socket& socket) { handle = socket.handle(); });
    hub.registry.start(hub.config);
    ada.emplace(hub, 1);
    ada->log_in("ada");
    hub.deliver();
    ada->take();
  }
  FakeHub hub;
  std::optional<SocketHandle> handle;
  std::optional<FakeClient> ada;
};

TEST_F(SocketHandleTest, names_the_socket_and_its_user) {
  EXPECT_EQ(handle->id().size(), 20u);
  EXPECT_EQ(handle->nsp(), "/");
  EXPECT_EQ(handle->user_id(), "ada");
}

TEST_F(SocketHandleTest, emits_at_once_on_the_socket_s_shard_and_through_its_mailbox_from_elsewhere) {
  test_shard = 1;
  EXPECT_TRUE(handle->emit("note", {{"n", 1}}));
  test_shard = 0;
  EXPECT_EQ(ada->take(), Packets{R"(42["note",{"n":1}])"});
  EXPECT_TRUE(handle->emit("note", 2));
  EXPECT_EQ(ada->take(), Packets{});
  hub.deliver();
  EXPECT_EQ(ada->take(), Packets{R"(42["note",2])"});
}

TEST_F(SocketHandleTest, sends_the_socket_away) {
  handle->disconnect();
  hub.deliver();
  EXPECT_EQ(ada->take(), Packets{"41"});
  EXPECT_FALSE(ada->closed);
  EXPECT_EQ(hub.directory.sockets.connections("ada"), 0u);
}

TEST_F(SocketHandleTest, closes_the_connection_also_on_its_own_shard) {
  test_shard = 1;
  handle->disconnect(true);
  test_shard = 0;
  EXPECT_EQ(ada->closed, CloseReason::forced_close);
}

TEST_F(SocketHandleTest, does_nothing_once_the_socket_has_gone_even_if_another_has_its_place) {
  EXPECT_TRUE(handle->emit("note", 1));
  ada.reset();
  FakeClient bob(hub, 1);
  const SocketHandle of_ada = *handle;
  bob.log_in("bob");
  hub.deliver();
  bob.take();
  EXPECT_TRUE(of_ada.emit("note", 2));
  of_ada.disconnect(true);
  hub.deliver();
  EXPECT_EQ(bob.take(), Packets{});
  EXPECT_FALSE(bob.closed);
}

TEST_F(SocketHandleTest, says_why_nothing_was_sent) {
  const auto why = [this](std::string_view event, const json& data = nullptr) {
    return handle->emit(event, data).error();
  };
  EXPECT_EQ(why(""), EmitError::invalid_event);
  EXPECT_EQ(why("connect"), EmitError::reserved_event);
  json deep = nullptr;
  for (std::size_t i = 0; i <= hub.config.json_depth; ++i) deep = json::array({std::move(deep)});
  EXPECT_EQ(why("x", deep), EmitError::invalid_json);
  EXPECT_EQ(why("x", std::string(hub.config.max_payload_bytes, 'x')), EmitError::too_large);
  hub.mailboxes.full = true;
  EXPECT_EQ(why("x"), EmitError::overloaded);
  hub.hub.emitter.set_running(false);
  EXPECT_EQ(why("x"), EmitError::stopped);
  hub.deliver();
  EXPECT_EQ(ada->take(), Packets{});
}

}  // namespace
}  // namespace signalbox::hub::test
