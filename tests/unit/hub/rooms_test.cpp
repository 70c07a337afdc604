#include "hub/rooms.hpp"

#include <gtest/gtest.h>

#include <utility>

#include "recovering_client.hpp"

// The sockets of rooms where clients may come back for what they missed, and what is refused. tests/sim has the rest.
namespace signalbox::hub::test {
namespace {

struct RoomsWithRecovery : RecoveryWorld {
  RoomsWithRecovery() {
    hub.events("/admin");
    start();
  }
  void emit(int value, const RoomSelection& to, const Attachments& attachments = {}, bool is_volatile = false) {
    test_shard = -1;
    const std::string arguments =
        '[' + std::to_string(value) + (attachments.empty() ? "]" : R"(,{"_placeholder":true,"num":0}])");
    EXPECT_TRUE(emit_to_rooms(hub.hub, to, "n", arguments, attachments, is_volatile));
    test_shard = 0;
    hub.deliver();
  }
  Recovering ada{hub, "ada"}, bob{hub, "bob"};
};

TEST_F(RoomsWithRecovery, get_events_with_offsets_that_rise) {
  ada.connect(0);
  bob.connect(0);
  bob.connect(1);
  emit(1, {});
  emit(2, {.rooms = {"user:ada"}, .except = {bob.sid}});
  emit(3, {.rooms = {ada.sid}});
  RecoveryWorld::emit("ada", 4);
  ada.hear();
  EXPECT_EQ(ada.take(), kAuthenticated + events_of({1, 2, 3, 4}));
  EXPECT_TRUE(ada.offsets_rise());
  EXPECT_EQ(ada.offsets.size(), 5u);
}

TEST_F(RoomsWithRecovery, are_told_what_they_missed_whichever_room_it_was_for) {
  ada.connect(0);
  ada.take();
  emit(1, {.rooms = {"user:ada"}, .except = {"user:bob"}});
  ada.cut();  // without having heard it
  emit(2, {});
  RecoveryWorld::emit("ada", 3);
  emit(4, {.rooms = {"user:ada"}, .except = {"user:bob"}});
  emit(5, {.rooms = {ada.sid}});
  emit(6, {.except = {"user:ada"}});
  emit(7, {.rooms = {"user:ada"}}, {}, true);
  emit(8, {.nsp = "/admin"});
  ada.connect(1);
  EXPECT_TRUE(ada.recovered);
  EXPECT_EQ(ada.take(), events_of({1, 2, 3, 4, 5}) + kAuthenticated);
  EXPECT_TRUE(ada.offsets_rise());
}

TEST_F(RoomsWithRecovery, are_told_the_bytes_that_they_missed) {
  ada.connect(0);
  ada.take();
  ada.cut();
  emit(1, {.rooms = {"user:ada"}}, {"bytes"});
  ada.connect(0);
  EXPECT_TRUE(ada.recovered);
  const Packets told = ada.take();
  ASSERT_EQ(told.size(), 3u);
  EXPECT_TRUE(told[0].starts_with(R"(451-["n",1,{"_placeholder":true,"num":0},")")) << told[0];
  EXPECT_EQ(told[1], "b:bytes");
}

TEST_F(RoomsWithRecovery, are_disconnected_where_a_client_is) {
  ada.connect(0);
  bob.connect(1);
  ada.cut();
  test_shard = -1;
  disconnect_rooms(hub.hub, {}, true);
  test_shard = 0;
  hub.deliver();
  EXPECT_TRUE(bob.connection().closed);
  ada.connect(1);
  EXPECT_TRUE(ada.recovered) << "who is away is not";
}

TEST(RoomEmits, for_rooms_that_no_socket_here_can_be_in_look_at_none) {
  FakeHub hub;
  hub.registry.start(hub.config);
  test_shard = -1;
  const auto looks = [&hub](const RoomSelection& to) {
    EXPECT_TRUE(emit_to_rooms(hub.hub, to, "n", "[1]"));
    return !std::exchange(hub.mailboxes.boxes[0], {}).empty();
  };
  EXPECT_FALSE(looks({.rooms = {"lobby", "game 7"}}));
  EXPECT_TRUE(looks({.rooms = {"lobby", "AAAAAAAAAAAAAAAAAAAA"}})) << "a socket's id";
  EXPECT_TRUE(looks({.rooms = {"lobby", "user:ada"}}));
  EXPECT_TRUE(looks({})) << "for all";
  test_shard = 0;
}

TEST(RoomEmits, are_refused_as_those_to_a_socket_are) {
  FakeHub hub;
  hub.registry.start(hub.config);
  test_shard = -1;
  const auto why = [&hub](std::string_view event, const std::string& arguments, const Attachments& attachments = {}) {
    return emit_to_rooms(hub.hub, {}, event, arguments, attachments).error();
  };
  EXPECT_EQ(why("", "[]"), EmitError::invalid_event);
  EXPECT_EQ(why("disconnect", "[]"), EmitError::reserved_event);
  EXPECT_EQ(why("x", "{}"), EmitError::invalid_json);
  EXPECT_EQ(why("x", "[1e400]"), EmitError::invalid_json);
  EXPECT_EQ(why("x", "[]", {std::string(hub.config.max_payload_bytes + 1, 'x')}), EmitError::too_large);
  hub.mailboxes.full = true;
  EXPECT_EQ(why("x", "[]"), EmitError::overloaded);
  hub.hub.emitter.set_running(false);
  EXPECT_EQ(why("x", "[]"), EmitError::stopped);
  test_shard = 0;
}

TEST(RoomEmits, reach_those_without_a_user_too) {
  FakeHub hub;
  hub.events("/open").without_jwt();
  hub.registry.start(hub.config);
  FakeClient stranger(hub);
  stranger.text("0/open,");
  stranger.take();
  test_shard = -1;
  EXPECT_TRUE(emit_to_rooms(hub.hub, {.nsp = "/open"}, "n", "[1]"));
  EXPECT_TRUE(emit_to_rooms(hub.hub, {.nsp = "/open", .rooms = {"user:"}}, "n", "[2]"));
  test_shard = 0;
  hub.deliver();
  EXPECT_EQ(stranger.take(), Packets{R"(42/open,["n",1])"});
}

}  // namespace
}  // namespace signalbox::hub::test
