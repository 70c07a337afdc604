#include <gtest/gtest.h>

#include <optional>

#include "fake_hub.hpp"
#include "hub/socket_list.hpp"

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

TEST_F(SocketHandleTest, emits_several_arguments_and_attachments) {
  EXPECT_TRUE(handle->emit_text("note", R"([1,{"_placeholder":true,"num":0}])", {"bytes"}));
  EXPECT_EQ(handle->emit_text("note", "{}").error(), EmitError::invalid_json);
  hub.deliver();
  EXPECT_EQ(ada->take(), (Packets{R"(451-["note",1,{"_placeholder":true,"num":0}])", "b:bytes"}));
}

TEST_F(SocketHandleTest, asks_for_an_acknowledgement) {
  std::optional<AckResult> answer;
  EXPECT_TRUE(handle->emit_with_ack("ask", "[1]", [&](AckResult result) { answer = std::move(result); }));
  hub.deliver();
  EXPECT_EQ(ada->take(), Packets{R"(420["ask",1])"});
  ada->text(R"(30["yes"])");
  ASSERT_TRUE(answer && *answer);
  EXPECT_EQ((*answer)->text.str(), R"(["yes"])");
}

TEST_F(SocketHandleTest, hears_at_once_that_a_socket_which_has_gone_acknowledges_nothing) {
  ada.reset();
  std::optional<AckResult> answer;
  EXPECT_TRUE(handle->emit_with_ack("ask", "[]", [&](AckResult result) { answer = std::move(result); }));
  hub.deliver();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->error(), AckError::disconnected);
}

TEST_F(SocketHandleTest, is_found_in_the_list_of_all_sockets_of_the_main_namespace) {
  FakeClient bob(hub, 0), stranger(hub, 0);
  bob.log_in("bob");
  hub.deliver();
  std::vector<std::string> users;
  SocketList::begin(hub.hub, [&](std::vector<SocketHandle> sockets) {
    for (const SocketHandle& socket : sockets) users.push_back(socket.user_id());
  });
  hub.deliver();
  EXPECT_EQ(users, (std::vector<std::string>{"bob", "ada"}));
}

TEST_F(SocketHandleTest, has_the_id_that_a_middleware_has_seen) {
  FakeHub other;
  std::string seen, user;
  std::optional<SocketHandle> kept;
  other.events()
      .use([&](ConnectRequest& request) -> std::expected<void, ConnectRefusal> {
        seen = request.id();
        user = request.user_text();
        return {};
      })
      .on_connect([&](Socket& socket) {
        kept = socket.handle();
        EXPECT_EQ(socket.user_text(), R"({"id":"eve"})");
      });
  other.registry.start(other.config);
  FakeClient eve(other);
  eve.log_in("eve");
  ASSERT_TRUE(kept);
  EXPECT_EQ(kept->id(), seen);
  EXPECT_EQ(user, R"({"id":"eve"})");
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
