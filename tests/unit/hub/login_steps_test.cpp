// Every step of a login, and every way to go while it waits there.
#include <gtest/gtest.h>

#include <functional>

#include "recovering_client.hpp"
#include "unit/users/noted_store.hpp"

namespace signalbox::hub::test {
namespace {

using users::test::NotedStore;

users::EncodedEvent outcome_of_step() {
  return *users::job_frame(JobCompleted{.job_id = "7", .result = 1}, {});
}

/// A hub where each step of a login waits: for a middleware, for another shard, for the store.
struct LoginSteps : testing::Test {
  static Config config() {
    Config config;
    config.presence_events = false;
    config.recovery_window = std::chrono::minutes(1);
    config.ledger_total_bytes = 1;
    config.max_pending_logins = 2;
    return config;
  }
  LoginSteps() {
    hub.events().use_async([this](const ConnectRequest& request, LoginDone done) {
      if (request.header("X-Throws") == "1") throw std::runtime_error("as asked");
      asked.push_back(std::make_unique<LoginDone>(std::move(done)));
    });
    hub.directory.open(store, test_now);
    hub.registry.start(hub.config);
  }
  void answer_all() {
    for (auto& done : std::exchange(asked, {})) done->let_in();
    hub.deliver();
    store.answer();
    hub.deliver();
  }
  /// What is said of a login once nobody waits any more.
  std::size_t waiting() const { return hub.hub.counters.pending_logins; }

  NotedStore store;
  FakeHub hub{config()};
  std::vector<std::unique_ptr<LoginDone>> asked;
};

struct Step {
  const char* name;
  /// Begins the login of a client of shard 0, and leaves it there.
  std::function<void(LoginSteps&, FakeClient&)> wait;
};

const Step kSteps[] = {
    {"admission",
     [](LoginSteps& world, FakeClient& ada) {
       ada.log_in("ada");
       world.hub.deliver();
       ASSERT_EQ(world.waiting(), 1u);
       ASSERT_GT(ada.partial, 0u);
     }},
    {"claim",
     [](LoginSteps& world, FakeClient& ada) {
       Recovering before(world.hub, "ada");
       before.connect(1);
       world.answer_all();
       before.hear();
       before.cut();
       ada.text(before.connect_packet());
       for (auto& done : std::exchange(world.asked, {})) done->let_in();
       while (world.hub.deliver_one(0)) continue;
       ASSERT_FALSE(world.hub.mailboxes.boxes[1].empty()) << "it asks the other shard";
     }},
    {"load",
     [](LoginSteps& world, FakeClient& ada) {
       ASSERT_TRUE(world.hub.directory.emit("ada", outcome_of_step()));
       ada.log_in("ada");
       for (auto& done : std::exchange(world.asked, {})) done->let_in();
       world.hub.deliver();
       ASSERT_EQ(world.store.questions.size(), 1u) << "it asks the store";
     }},
};

struct Way {
  const char* name;
  std::function<void(FakeClient&)> go;
  std::optional<CloseReason> closed;
};

const Way kWays[] = {
    {"leaves the namespace", [](FakeClient& ada) { ada.text("1"); }, std::nullopt},
    {"is lost", [](FakeClient& ada) { ada.close(CloseReason::transport_close, test_now); },
     CloseReason::transport_close},
    {"sends an event too early", [](FakeClient& ada) { ada.text("2[\"x\"]"); }, CloseReason::parse_error},
    {"asks once more", [](FakeClient& ada) { ada.log_in("ada"); }, CloseReason::parse_error},
    {"has waited for CONNECT_TIMEOUT_MS",
     [](FakeClient& ada) {
       test_now += Config{}.connect_timeout;
       ASSERT_LE(ada.client.next_deadline(), test_now);
       ada.client.on_timer(test_now);
     },
     CloseReason::forced_close},
};

TEST(EachStepOfALogin, may_be_the_last_of_a_client_whichever_way_it_goes) {
  for (const Step& step : kSteps) {
    for (const Way& way : kWays) {
      SCOPED_TRACE(std::string(step.name) + ", and the client " + way.name);
      struct World : LoginSteps {
        void TestBody() override {}
      } world;
      FakeClient ada(world.hub);
      step.wait(world, ada);
      ada.take();
      way.go(ada);
      EXPECT_EQ(ada.closed, way.closed);
      const bool still_asked = std::string_view(step.name) == "admission" && !way.closed;
      EXPECT_EQ(world.waiting(), still_asked ? 1u : 0u);
      EXPECT_EQ(ada.partial != 0, still_asked);
      EXPECT_EQ(ada.authenticated, way.closed && std::string_view(step.name) != "admission");
      world.answer_all();
      EXPECT_EQ(world.waiting(), 0u);
      EXPECT_EQ(ada.partial, 0u);
      EXPECT_EQ(ada.take(), Packets{}) << "nobody is told anything";
      EXPECT_EQ(world.hub.directory.sockets.connections("ada"), 0u);
      FakeClient next(world.hub);
      next.log_in("ada");
      world.answer_all();
      EXPECT_EQ(world.hub.directory.sockets.connections("ada"), 1u) << "the next one is a login like any other";
      if (way.closed) continue;
      ada.log_in("ada");
      world.answer_all();
      EXPECT_EQ(world.hub.directory.sockets.connections("ada"), 2u)
          << "and so is the next one over the same connection";
    }
  }
}

TEST(EachStepOfALogin, leads_to_the_next) {
  for (const Step& step : kSteps) {
    SCOPED_TRACE(step.name);
    struct World : LoginSteps {
      void TestBody() override {}
    } world;
    FakeClient ada(world.hub);
    step.wait(world, ada);
    world.answer_all();
    EXPECT_EQ(world.hub.directory.sockets.connections("ada"), 1u);
    EXPECT_TRUE(ada.authenticated);
    EXPECT_EQ(ada.partial, 0u);
    EXPECT_EQ(ada.client.next_deadline(), kNever) << "there is nothing left to wait for";
  }
}

TEST_F(LoginSteps, a_middleware_that_takes_its_time_knows_whom_the_token_names) {
  std::string named = "not asked";
  FakeHub other;
  other.events()
      .use_first([&](ConnectRequest& request) -> std::expected<void, ConnectRefusal> {
        EXPECT_EQ(request.user_id(), "");
        return {};
      })
      .use_async([&](const ConnectRequest& request, LoginDone done) {
        named = request.user_id();
        done.let_in();
      });
  other.registry.start(other.config);
  FakeClient ada(other);
  ada.log_in("ada");
  EXPECT_EQ(named, "ada");
}

TEST_F(LoginSteps, a_middleware_that_takes_its_time_may_refuse) {
  FakeClient ada(hub);
  ada.log_in("ada");
  (*asked[0])(ConnectRefusal{.message = "not today"});
  EXPECT_EQ(ada.take(), Packets{}) << "it comes in a turn of its own";
  hub.deliver();
  EXPECT_EQ(ada.take(), Packets{R"(44{"message":"not today"})"});
  EXPECT_FALSE(ada.authenticated);
  ada.log_in("ada");
  answer_all();
  EXPECT_EQ(hub.directory.sockets.connections("ada"), 1u);
}

TEST_F(LoginSteps, or_say_who_the_user_is_after_all) {
  FakeClient ada(hub);
  ada.log_in("ada");
  (*asked[0])([](ConnectRequest& request) -> std::expected<void, ConnectRefusal> {
    request.set_user("grace", R"({"id":"grace"})");
    return {};
  });
  hub.deliver();
  EXPECT_EQ(Told(ada.take().back()).event, R"(42["authenticated",{"user":{"id":"grace"}}])");
}

TEST_F(LoginSteps, or_forget_the_client_or_throw_and_it_is_refused) {
  const Packets refused{R"(44{"message":"Internal server error"})"};
  FakeClient forgotten(hub), thrown(hub, 0, "X-Throws:1\n");
  forgotten.log_in("ada");
  asked.clear();
  thrown.log_in("ada");
  hub.deliver();
  EXPECT_EQ(forgotten.take(), refused);
  EXPECT_EQ(thrown.take(), refused);
  EXPECT_EQ(waiting(), 0u);
}

TEST_F(LoginSteps, only_its_first_word_counts) {
  FakeClient ada(hub);
  ada.log_in("ada");
  asked[0]->let_in();
  (*asked[0])(ConnectRefusal{.message = "too late"});
  hub.deliver();
  EXPECT_EQ(ada.take().size(), 2u);
  EXPECT_EQ(hub.directory.sockets.connections("ada"), 1u);
}

TEST_F(LoginSteps, past_MAX_PENDING_LOGINS_a_client_is_closed_so_that_it_tries_again) {
  FakeClient one(hub), other(hub, 1), late(hub);
  one.log_in("ada"), other.log_in("ada"), late.log_in("ada");
  EXPECT_EQ(late.closed, CloseReason::forced_close);
  EXPECT_EQ(waiting(), 2u);
  one.close(CloseReason::transport_close, test_now);
  FakeClient next(hub);
  next.log_in("ada");
  EXPECT_FALSE(next.closed);
}

TEST_F(LoginSteps, a_client_that_leaves_meanwhile_does_not_have_the_middleware_asked_once_more) {
  FakeClient ada(hub);
  ada.log_in("ada");
  ada.text("1");
  EXPECT_FALSE(ada.closed);
  ada.log_in("ada");
  EXPECT_EQ(ada.closed, CloseReason::parse_error);
  EXPECT_EQ(asked.size(), 1u);
  EXPECT_EQ(waiting(), 0u);
}

TEST(LoginsOfSeveralNamespaces, wait_side_by_side) {
  FakeHub wide;
  std::vector<std::unique_ptr<LoginDone>> waiting;
  for (const char* nsp : {"/", "/b"})
    wide.events(nsp).use_async([&](const ConnectRequest&, LoginDone done) {
      waiting.push_back(std::make_unique<LoginDone>(std::move(done)));
    });
  wide.registry.start(wide.config);
  FakeClient ada(wide);
  ada.log_in("ada");
  ada.log_in("ada", "/b,");
  waiting[1]->let_in();
  wide.deliver();
  EXPECT_EQ(ada.take()[0], R"(40/b,{"sid":"SID"})");
  EXPECT_NE(ada.client.next_deadline(), kNever) << "the other one still waits";
  ada.text("1/b,");
  EXPECT_FALSE(ada.authenticated);
  waiting[0]->let_in();
  wide.deliver();
  EXPECT_EQ(ada.take()[0].substr(0, 3), "40{");
  EXPECT_TRUE(ada.authenticated);
  EXPECT_EQ(ada.client.next_deadline(), kNever);
}

}  // namespace
}  // namespace signalbox::hub::test
