#include "cluster/guests.hpp"

#include <gtest/gtest.h>

#include <map>
#include <utility>

#include "subscriber_model.hpp"

namespace signalbox::cluster::test {
namespace {

using namespace std::chrono_literals;
using Texts = std::vector<std::string>;

/// An index that answers when the test says so.
struct FakeIndex final : PresenceScripts {
  void tell(unsigned, const std::string&, const std::vector<UserState>& users, Done done) override {
    for (const UserState& each : users) told.push_back(each.user + " " + each.state.word());
    waiting.push_back(std::move(done));
  }
  void reap(unsigned, const std::string&, On<bool>) override {}
  void count(unsigned, const std::string&, On<std::size_t>) override {}
  void members(unsigned, const std::string&, std::function<void(std::vector<std::string>)>) override {}
  void enter(const std::string&, const std::string&, On<bool> alive) override { alive(true); }
  void beat(const std::string&, On<bool> alive) override { alive(true); }
  void end_lease(const std::string&) override {}
  void sweep(On<std::vector<std::string>>) override {}
  void bury(const std::string&) override {}
  void bury_unknown(const std::vector<std::string>&) override {}
  void forget(const std::string&) override {}
  void answer(bool done) {
    for (Done& each : std::exchange(waiting, {})) each(done);
  }
  Texts told;
  std::vector<Done> waiting;
};

struct GuestsTest : testing::Test, Replica::Observer {
  void on_presence(const std::string&, bool) override {}
  void on_elsewhere(const std::string&, const NodeStates&) override {}
  void wants_snapshot(unsigned) override {}

  Guests make(bool hears_all) {
    return Guests({.here = [this](std::string_view user) { return here[std::string(user)]; },
                   .ready = [this](LoginBegun login) { ready.push_back(login.user + (login.late ? " late" : "")); },
                   .gone = [this](const std::string& user) { gone.push_back(user); },
                   .unheard = [this](const redis::Error&) { ++unheard; },
                   .back = [this](const std::string& user) { back.push_back(user); },
                   .later = [this](const std::string& user) { not_entered.push_back(user); }},
                  node, subscriber, channels, hears_all);
  }
  void begin(Guests& guests, const std::string& user) {
    guests.login_begun({.user = user, .shard = 0, .then = [] {}}, now);
    turn(guests);
  }
  void turn(Guests& guests, Milliseconds later = 10ms) {
    now += later;
    node.on_timer(now);
    guests.on_timer(now);
  }

  TimePoint now{1h};
  std::map<std::string, users::Sockets::Here> here;
  Texts ready, gone, back, not_entered;
  FakeIndex index;
  Replica replica{1, *this};
  PresenceNode node{1,
                    index,
                    replica,
                    {.make_id = [] { return "n1"; },
                     .listen = [](const std::string&, const PresenceNode::Heard& heard) { heard(); },
                     .about = "{}"},
                    NodeTimes{}};
  SubscriberModel subscriber;
  std::size_t unheard = 0;
  const Channels channels{"socket.io"};
};

TEST_F(GuestsTest, a_login_goes_on_when_the_index_has_the_user) {
  Guests guests = make(true);
  node.on_connected(now);
  begin(guests, "ada");
  EXPECT_EQ(index.told, Texts{"ada 1"});
  EXPECT_EQ(ready, Texts{});
  EXPECT_TRUE(guests.has("ada"));
  index.answer(true);
  EXPECT_EQ(ready, Texts{"ada"});
  begin(guests, "ada");
  EXPECT_EQ(ready, (Texts{"ada", "ada"})) << "it is there";
  turn(guests, 2s);
  EXPECT_EQ(ready.size(), 2u);
  EXPECT_EQ(guests.late(), 0u);
}

TEST_F(GuestsTest, a_login_waits_for_an_index_that_does_not_answer_a_second_and_is_let_in_once) {
  Guests guests = make(true);
  node.on_connected(now);
  begin(guests, "ada");
  turn(guests, Guests::kPatience - 11ms);
  EXPECT_EQ(ready, Texts{});
  turn(guests);
  EXPECT_EQ(ready, Texts{"ada late"});
  EXPECT_EQ(guests.late(), 1u);
  index.answer(true);
  EXPECT_EQ(ready, Texts{"ada late"});
}

TEST_F(GuestsTest, a_login_waits_until_what_is_published_for_the_user_is_heard) {
  Guests guests = make(false);
  node.on_connected(now);
  begin(guests, "ada");
  index.answer(true);
  EXPECT_EQ(ready, Texts{});
  turn(guests, Guests::kPatience);
  EXPECT_EQ(ready, Texts{"ada late"});
}

TEST_F(GuestsTest, whom_the_index_refuses_is_let_in_and_looked_for_later) {
  Guests guests = make(true);
  node.on_connected(now);
  begin(guests, "ada");
  index.answer(false);
  EXPECT_EQ(ready, Texts{"ada late"});
  node.on_lost();
  guests.on_lost();
  node.on_connected(now);
  guests.on_entered_again();
  turn(guests);
  index.answer(false);
  EXPECT_EQ(back, Texts{});
  EXPECT_EQ(not_entered, Texts{"ada"});
}

TEST_F(GuestsTest, a_node_that_is_entered_again_says_whose_events_it_has_missed) {
  Guests guests = make(true);
  node.on_connected(now);
  begin(guests, "ada");
  index.answer(true);
  node.on_lost();
  guests.on_lost();
  guests.on_entered_again();
  EXPECT_EQ(back, Texts{}) << "it is not entered";
  node.on_connected(now);
  guests.on_entered_again();
  turn(guests);
  EXPECT_EQ(back, Texts{});
  index.answer(true);
  EXPECT_EQ(back, Texts{"ada"});
}

TEST_F(GuestsTest, what_was_missed_is_said_once_the_user_is_heard_on_the_new_connection) {
  Guests guests = make(false);
  node.on_connected(now);
  subscriber.connect();
  begin(guests, "ada");
  index.answer(true);
  subscriber.answer();
  EXPECT_EQ(ready, Texts{"ada"});
  subscriber.lose();
  node.on_lost();
  guests.on_lost();
  subscriber.connect();
  node.on_connected(now);
  guests.on_entered_again();
  index.answer(true);
  begin(guests, "ada");
  EXPECT_EQ(back, Texts{}) << "what is published now is not heard";
  EXPECT_EQ(ready, Texts{"ada"}) << "likewise";
  subscriber.answer();
  EXPECT_EQ(back, Texts{"ada"});
  EXPECT_EQ(ready, (Texts{"ada", "ada"}));
  EXPECT_EQ(guests.late(), 0u);
}

TEST_F(GuestsTest, a_user_whom_Redis_does_not_let_it_hear_is_let_in_and_counted) {
  Guests guests = make(false);
  node.on_connected(now);
  subscriber.connect();
  begin(guests, "ada");
  index.answer(true);
  subscriber.refuse();
  EXPECT_EQ(ready, Texts{"ada"});
  EXPECT_EQ(unheard, 1u);
}

TEST_F(GuestsTest, nobody_waits_for_a_Redis_that_is_lost) {
  Guests guests = make(false);
  node.on_connected(now);
  begin(guests, "ada");
  begin(guests, "grace");
  node.on_lost();
  guests.on_lost();
  EXPECT_EQ(ready.size(), 2u);
  EXPECT_EQ(guests.next_deadline(), kNever);
  guests.on_lost();
  turn(guests, 2s);
  EXPECT_EQ(ready.size(), 2u);
}

TEST_F(GuestsTest, a_user_stays_while_a_login_or_a_socket_is_here) {
  Guests guests = make(true);
  node.on_connected(now);
  begin(guests, "ada");
  begin(guests, "ada");
  index.answer(true);
  guests.login_ended("ada", now);
  EXPECT_TRUE(guests.has("ada"));
  here["ada"] = {.online = true, .connected = 2};
  guests.changed("ada", now);
  guests.login_ended("ada", now);
  EXPECT_TRUE(guests.has("ada"));
  here["ada"] = {.online = false, .connected = 0, .away = 1};
  guests.changed("ada", now);
  turn(guests);
  index.answer(true);
  EXPECT_EQ(index.told.back(), "ada -");
  here.erase("ada");
  guests.changed("ada", now);
  turn(guests);
  EXPECT_EQ(index.told.back(), "ada none");
  EXPECT_EQ(gone, Texts{"ada"});
  EXPECT_EQ(guests.size(), 0u);
  guests.changed("ada", now);
  guests.login_ended("ada", now);
  EXPECT_EQ(gone, Texts{"ada"});
}

TEST_F(GuestsTest, a_client_that_goes_before_it_is_let_in_leaves_nothing) {
  Guests guests = make(true);
  node.on_connected(now);
  begin(guests, "ada");
  guests.login_ended("ada", now);
  EXPECT_EQ(guests.size(), 0u);
  index.answer(true);
  turn(guests);
  turn(guests, 2s);
  EXPECT_EQ(guests.size(), 0u);
  EXPECT_EQ(index.told.back(), "ada none");
}

}  // namespace
}  // namespace signalbox::cluster::test
