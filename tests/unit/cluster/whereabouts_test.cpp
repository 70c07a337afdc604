#include "cluster/whereabouts.hpp"

#include <gtest/gtest.h>

#include "ledger_node.hpp"

namespace signalbox::cluster::test {
namespace {

using Texts = std::vector<std::string>;

struct WhereaboutsTest : OverRedis, redis::Client::Observer {
  void SetUp() override {
    OverRedis::SetUp();
    if (IsSkipped()) return;
    commands = &thread.add({.url = redis::parse_url(url()).value()}, *this);
    subscriber = &thread.add(
        {.url = redis::parse_url(url()).value(), .connection = {.mode = redis::ConnectionOptions::Mode::subscriber}},
        *this);
    presence.emplace(
        PresenceLink::Options{
            .times = {}, .make_id = [] { return "own"; }, .about = "{}", .unheard = [](const redis::Error&) {}},
        *commands, *subscriber, keys, directory.presence);
    whereabouts.emplace(*presence, [this](const Emitted& event, const NodeStates& nodes) {
      if (event.user.empty()) sent.push_back("all " + std::string(event.event->packet()));
      for (const NodeState& each : nodes)
        sent.push_back(std::string(each.node) + " " + std::string(event.event->packet()));
    });
    thread.start();
    both_up.get_future().wait();
  }
  void TearDown() override { thread.stop(); }
  void on_up() override {
    if (++up == 2) both_up.set_value();
  }
  void on_down(const redis::Error&) override {}

  /// Waits until all is answered; a script that Redis did not know is sent once more.
  void run(std::move_only_function<void()> task) {
    for (int i = 0; i < 2; ++i) {
      const auto done = std::make_shared<std::promise<void>>();
      EXPECT_TRUE(thread.post([&task, this, done] {
        if (task) std::exchange(task, nullptr)();
        commands->send({"PING"}, [done](const redis::Answer&) { done->set_value(); });
      }));
      done->get_future().wait();
    }
  }
  void enter(const std::string& node, const std::string& user, HereState state = HereState::online(1)) {
    run([&] {
      presence->index.tell(presence->node.partition_of(user), node, {{user, state}},
                           [](bool done) { EXPECT_TRUE(done); });
    });
  }
  /// What is entered later the replica does not hear of.
  void follow_until_known(const std::string& user) {
    run([&] { presence->on_connected(TimePoint{}); });
    const TimePoint end = Clock::now() + std::chrono::seconds(20);
    for (bool known = false; !known && Clock::now() < end;) run([&] { known = !presence->elsewhere(user).empty(); });
    run([&] { presence->on_lost(); });
  }
  void emit(const std::string& user, const std::string& packet) {
    whereabouts->route({.user = user, .event = text_frame(packet)});
  }
  users::test::FakeMailboxes mailboxes{1};
  users::Directory directory{mailboxes, {}};
  redis::ClientThread thread;
  redis::Client *commands = nullptr, *subscriber = nullptr;
  std::optional<PresenceLink> presence;
  std::optional<Whereabouts> whereabouts;
  std::promise<void> both_up;
  int up = 0;
  Texts sent;
};

TEST_F(WhereaboutsTest, while_the_index_is_asked_the_order_stays) {
  enter("other", "ada");
  run([&] {
    emit("ada", "1");
    emit("nobody", "x");
    emit("ada", "2");
    EXPECT_EQ(sent, Texts{});
  });
  EXPECT_EQ(sent, (Texts{"other 1", "other 2"}));
  run([&] { emit("ada", "3"); });
  EXPECT_EQ(sent, (Texts{"other 1", "other 2", "other 3"})) << "the replica does not have it: it is asked again";
}

TEST_F(WhereaboutsTest, what_is_for_everybody_stays_behind_what_was_emitted_before_and_before_what_comes_later) {
  enter("other", "ada");
  enter("other", "grace");
  run([&] {
    emit("ada", "1");
    emit("", "2");
    emit("grace", "3");
    emit("", "4");
    emit("ada", "5");
    EXPECT_EQ(sent, Texts{});
  });
  run([] {});
  run([] {});
  EXPECT_EQ(sent, (Texts{"other 1", "all 2", "other 3", "all 4", "other 5"}));
  run([&] {
    emit("", "6");
    EXPECT_EQ(sent.back(), "all 6") << "nobody is asked for";
  });
}

TEST_F(WhereaboutsTest, events_count_while_they_wait) {
  enter("other", "ada");
  EXPECT_EQ(whereabouts->waiting(), 0u);
  run([&] {
    emit("ada", std::string(1000, 'x'));
    const std::size_t one = whereabouts->waiting();
    EXPECT_GE(one, 1000u);
    emit("ada", std::string(1000, 'x'));
    emit("", std::string(1000, 'x'));
    EXPECT_GE(whereabouts->waiting(), 3000u);
  });
  EXPECT_EQ(sent.size(), 3u);
  EXPECT_EQ(whereabouts->waiting(), 0u);
}

TEST_F(WhereaboutsTest, an_event_goes_to_every_other_node_that_has_the_user) {
  enter("own", "ada");
  enter("b", "ada");
  enter("c", "ada");
  run([&] { emit("ada", "1"); });
  std::ranges::sort(sent);
  EXPECT_EQ(sent, (Texts{"b 1", "c 1"}));
}

TEST_F(WhereaboutsTest, for_an_outcome_the_index_is_asked_although_the_replica_knows_a_node) {
  enter("b", "ada");
  follow_until_known("ada");
  enter("c", "ada");
  run([&] {
    emit("ada", "event");
    whereabouts->route({.user = "ada", .event = text_frame("outcome"), .row = 1});
    emit("ada", "behind");
  });
  std::ranges::sort(sent);
  EXPECT_EQ(sent, (Texts{"b behind", "b event", "b outcome", "c behind", "c outcome"}));
}

TEST_F(WhereaboutsTest, of_a_user_who_is_connected_nowhere_the_index_is_asked_although_a_node_still_has_something) {
  for (const HereState state : {HereState::online(0), HereState::away()}) {
    sent.clear();
    const std::string user = state.word();
    enter("b", user, state);
    follow_until_known(user);
    enter("c", user);
    run([&] { emit(user, "event"); });
    std::ranges::sort(sent);
    EXPECT_EQ(sent, (Texts{"b event", "c event"})) << user;
  }
}

TEST_F(WhereaboutsTest, a_Redis_that_has_gone_leaves_nothing_waiting) {
  enter("other", "ada");
  run([&] {
    commands->stop();
    emit("ada", "1");
    emit("ada", "2");
    emit("", "3");
    EXPECT_EQ(sent, Texts{"all 3"}) << "nobody is known to have ada";
    EXPECT_EQ(whereabouts->waiting(), 0u);
  });
}

}  // namespace
}  // namespace signalbox::cluster::test
