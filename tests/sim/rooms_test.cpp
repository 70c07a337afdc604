// What Socket.IO's adapters do to the sockets of rooms: over both transports, on two shards.
#include "hub/rooms.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "server_world.hpp"
#include "users/encode.hpp"

namespace signalbox::server::test {
namespace {

using hub::RoomSelection;
using Packets = std::vector<std::string>;

Config quiet() {
  Config config = sim_config();
  config.presence_events = false;
  config.max_connections_per_user = 0;
  return config;
}

/// The id that the answer to a login gives the socket.
std::string id_in(const std::string& answer) {
  return json::parse(answer.substr(answer.find('{'))).at("sid");
}

/// A browser whose socket is in, and the socket's id.
struct Tab {
  Tab(ServerWorld& world, const std::string& user, unsigned shard) : browser(world, user, shard) {
    browser.login();
    world.turn();
    id = id_in(browser.heard().at(0));
  }
  Packets heard() { return browser.heard(); }

  Browser browser;
  std::string id;
};

/// The same over polling: a GET waits.
class PollingTab {
 public:
  PollingTab(ServerWorld& world, const std::string& user, unsigned shard)
      : world_(world), gets_(world.connect(shard)), posts_(world.connect(shard)), target_("&name=" + user) {
    world_.turn();
    get();
    const std::string open = answer();
    target_ = "&sid=" + std::string(json::parse(open.substr(1)).at("sid"));
    post("40");
    get();
    answer();
    get();
  }
  /// What the GET that waited was answered with, if it was; the next one waits then.
  std::string heard() {
    std::string payload = answer();
    if (!payload.empty()) get();
    return payload;
  }

 private:
  void get() {
    world_.network().at(gets_).in +=
        "GET /socket.io/?EIO=4&transport=polling" + target_ + " HTTP/1.1\r\nHost: x\r\n\r\n";
    world_.turn(2);
  }
  void post(const std::string& payload) {
    world_.network().at(posts_).in += "POST /socket.io/?EIO=4&transport=polling" + target_ +
                                      " HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(payload.size()) +
                                      "\r\n\r\n" + payload;
    world_.turn(2);
  }
  std::string answer() {
    const std::string response = std::exchange(world_.network().at(gets_).out, {});
    const auto end = response.find("\r\n\r\n");
    return end == std::string::npos ? "" : response.substr(end + 4);
  }

  ServerWorld& world_;
  int gets_, posts_;
  std::string target_;
};

struct Rooms : testing::Test {
  void emit(const RoomSelection& to, const Attachments& attachments = {}, bool is_volatile = false) {
    const char* arguments = attachments.empty() ? "[1,2]" : R"([{"_placeholder":true,"num":0}])";
    EXPECT_TRUE(emit_to_rooms(world.hub, to, "news", arguments, attachments, is_volatile));
    world.turn(3);
  }
  const Packets kNews{R"(42["news",1,2])"};
  const Packets kNothing;

  ServerWorld world{quiet(), {"/", "/admin"}};
  Tab ada{world, "ada", 0}, of_ada{world, "ada", 1}, bob{world, "bob", 0}, eve{world, "eve", 1};
};

TEST_F(Rooms, of_a_user_have_every_socket_of_theirs_once_over_either_transport) {
  PollingTab polling(world, "ada", 1);
  emit({.rooms = {"user:ada", "user:ada", "user:nobody"}});
  EXPECT_EQ(ada.heard(), kNews);
  EXPECT_EQ(of_ada.heard(), kNews);
  EXPECT_EQ(polling.heard(), kNews[0]);
  EXPECT_EQ(bob.heard(), kNothing);
  emit({.rooms = {"user:ada", of_ada.id}});
  EXPECT_EQ(of_ada.heard(), kNews) << "also one that is in two of the rooms";
  EXPECT_EQ(polling.heard(), kNews[0]);
}

TEST_F(Rooms, of_a_socket_s_id_have_that_socket_alone) {
  emit({.rooms = {of_ada.id}});
  EXPECT_EQ(of_ada.heard(), kNews);
  EXPECT_EQ(ada.heard(), kNothing);
  EXPECT_EQ(eve.heard(), kNothing);
}

TEST_F(Rooms, that_nobody_is_in_are_not_everybody_s) {
  emit({.rooms = {"news", "user:", "ada"}});
  for (Tab* tab : {&ada, &of_ada, &bob, &eve}) EXPECT_EQ(tab->heard(), kNothing);
}

TEST_F(Rooms, may_be_excepted) {
  emit({.except = {"user:ada", eve.id}});
  EXPECT_EQ(ada.heard(), kNothing);
  EXPECT_EQ(of_ada.heard(), kNothing);
  EXPECT_EQ(bob.heard(), kNews);
  EXPECT_EQ(eve.heard(), kNothing);
  emit({.rooms = {"user:ada", "user:eve"}, .except = {ada.id, "user:eve"}});
  EXPECT_EQ(ada.heard(), kNothing);
  EXPECT_EQ(of_ada.heard(), kNews);
  EXPECT_EQ(eve.heard(), kNothing);
}

TEST_F(Rooms, bring_bytes_behind_their_event) {
  PollingTab polling(world, "ada", 0);
  emit({.rooms = {"user:ada"}}, {"\1\2"});
  const std::string event = R"(451-["news",{"_placeholder":true,"num":0}])";
  EXPECT_EQ(ada.heard(), (Packets{event, "b:\1\2"}));
  EXPECT_EQ(of_ada.heard(), (Packets{event, "b:\1\2"}));
  EXPECT_EQ(polling.heard(), event +
                                 "\x1e"
                                 "bAQI=");
}

TEST_F(Rooms, are_of_one_namespace) {
  Browser admin(world, "ada", 0);
  admin.send("40/admin,");
  world.turn();
  const std::string id = id_in(admin.heard().at(0));
  emit({.nsp = "/admin"});
  emit({.nsp = "/admin", .rooms = {"user:ada"}});
  emit({.nsp = "/admin", .rooms = {id}});
  emit({.nsp = "/admin", .rooms = {ada.id}});
  emit({.nsp = "/admin", .except = {"user:ada"}});
  const std::string news = R"(42/admin,["news",1,2])";
  EXPECT_EQ(admin.heard(), (Packets{news, news, news}));
  EXPECT_EQ(ada.heard(), kNothing);
  emit({.rooms = {id}});
  EXPECT_EQ(admin.heard(), kNothing) << "nor has the main one the sockets of another";
}

TEST_F(Rooms, spare_those_who_do_not_read_what_is_volatile) {
  auto* line = bob.browser.socket();
  line->room = 0;
  emit({});
  EXPECT_EQ(bob.heard(), kNothing);
  emit({}, {}, true);
  line->room = SIZE_MAX;
  world.turn(2);
  EXPECT_EQ(bob.heard(), kNews) << "once";
  EXPECT_EQ(ada.heard(), (Packets{kNews[0], kNews[0]}));
  emit({}, {}, true);
  EXPECT_EQ(bob.heard(), kNews);
}

TEST_F(Rooms, are_reached_behind_what_the_same_thread_has_emitted_to_a_user) {
  for (const RoomSelection& to : {RoomSelection{.rooms = {"user:ada"}, .except = {bob.id}}, RoomSelection{}}) {
    EXPECT_TRUE(world.directory.emit("ada", *users::checked_event_frame("first", "0")));
    emit(to);
    for (Tab* tab : {&ada, &of_ada}) EXPECT_EQ(tab->heard(), (Packets{R"(42["first",0])", kNews[0]}));
  }
}

TEST_F(Rooms, are_disconnected_from_their_namespace) {
  disconnect_rooms(world.hub, {.rooms = {"user:ada"}, .except = {of_ada.id}}, false);
  world.turn(3);
  EXPECT_EQ(ada.heard(), Packets{"41"});
  EXPECT_FALSE(ada.browser.gone());
  EXPECT_EQ(of_ada.heard(), kNothing);
  EXPECT_EQ(world.directory.sockets.connections("ada"), 1u);
}

TEST_F(Rooms, are_disconnected_with_their_connections) {
  disconnect_rooms(world.hub, {.except = {"user:bob"}}, true);
  world.turn(3);
  for (Tab* tab : {&ada, &of_ada, &eve}) {
    EXPECT_EQ(tab->heard(), Packets{"41"});
    world.turn(2);
    EXPECT_TRUE(tab->browser.gone());
  }
  EXPECT_FALSE(bob.browser.gone());
}

TEST_F(Rooms, with_many_sockets_are_looked_at_in_pieces) {
  constexpr std::size_t kMany = 1000;
  net::test::MemoryNetwork& network = world.network();
  std::vector<std::unique_ptr<Tab>> crowd;
  while (crowd.size() < kMany - 10) crowd.push_back(std::make_unique<Tab>(world, "crowd", 0));
  EXPECT_EQ(network.sockets.size(), crowd.size() + 4);
  EXPECT_TRUE(emit_to_rooms(world.hub, {}, "first", "[]"));
  EXPECT_TRUE(emit_to_rooms(world.hub, {.except = {"user:nobody"}}, "second", "[]"));
  world.turn(4);
  for (const auto& tab : crowd) EXPECT_EQ(tab->heard(), (Packets{R"(42["first"])", R"(42["second"])"}));

  std::size_t connected = 0;
  disconnect_rooms(world.hub, {.except = {"user:ada", "user:bob"}}, true);
  EXPECT_TRUE(world.post(0, Message::run([&] { connected = world.directory.sockets.connections("crowd"); })));
  world.turn(4);
  EXPECT_GT(connected, 0u) << "others are served between";
  EXPECT_LT(connected, crowd.size());
  EXPECT_EQ(world.directory.sockets.connections("crowd"), 0u);
  EXPECT_EQ(world.directory.sockets.connections("ada"), 2u);
}

}  // namespace
}  // namespace signalbox::server::test
