#include <gtest/gtest.h>

#include "fake_hub.hpp"

// `presence`: who is online, as every client may ask, and what that costs it.
namespace signalbox::hub::test {
namespace {

struct PresenceQuestion : testing::Test {
  explicit PresenceQuestion(Config config = {}) : hub(std::move(config)) {
    hub.registry.start(hub.config);
    ada.log_in("ada");
    settle();
  }
  void join(const std::string& user) { hub.directory.sockets.join(user, {.shard = 1, .slot = 1, .generation = 1}); }
  void join_many(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) join("u" + std::to_string(10'000 + i));
    settle();
  }
  void settle() {
    hub.deliver();
    ada.take();
  }
  /// The answer to one question.
  std::string ask(const std::string& question) {
    ada.text(question);
    hub.deliver();
    const Packets told = ada.take();
    return told.size() == 1 ? told[0] : testing::PrintToString(told);
  }
  static std::string error(const std::string& id, std::string_view sentence) {
    return "43" + id + R"([{"error":")" + std::string(sentence) + "\"}]";
  }

  FakeHub hub;
  FakeClient ada{hub};
};

TEST_F(PresenceQuestion, tells_how_many_are_online_and_a_page_of_them) {
  for (const char* user : {"linus", "grace", R"(a "b")"}) join(user);
  settle();
  const std::string all = R"({"count":4,"users":["a \"b\"","ada","grace","linus"]})";
  EXPECT_EQ(ask(R"(21["presence"])"), "431[" + all + "]");
  EXPECT_EQ(ask(R"(22["presence",null])"), "432[" + all + "]");
  EXPECT_EQ(ask(R"(23["presence",{"limit":2}])"), R"(433[{"count":4,"users":["a \"b\"","ada"]}])");
  EXPECT_EQ(ask(R"(24["presence",{"after":"ada","limit":2}])"), R"(434[{"count":4,"users":["grace","linus"]}])");
  EXPECT_EQ(ask(R"(25["presence",{"after":"linus"}])"), R"(435[{"count":4,"users":[]}])");
  EXPECT_EQ(ask(R"(26["presence",{"after":"","order":1},"more"])"), "436[" + all + "]");
}

TEST_F(PresenceQuestion, has_the_limits_of_the_workers_interface) {
  join_many(10'001);
  const auto users = [](const std::string& answer) { return std::ranges::count(answer, 'u') - 2; };
  EXPECT_EQ(users(ask(R"(21["presence"])")), 999) << "and ada";
  EXPECT_EQ(users(ask(R"(22["presence",{"limit":10000}])")), 9999);
}

TEST_F(PresenceQuestion, with_what_it_cannot_take_is_answered_with_a_sentence) {
  const std::string long_id = R"({"after":")" + std::string(257, 'x') + "\"}";
  for (const std::string options : {"1", "[]", R"("x")", R"({"limit":0})", R"({"limit":10001})", R"({"limit":"2"})",
                                    R"({"after":1})", R"({"after":null})", long_id.c_str()}) {
    EXPECT_EQ(ask("27[\"presence\"," + options + "]"),
              error("7",
                    "presence takes an object with after, a user id, and limit, a whole number from 1 to 10000; or "
                    "nothing."))
        << options;
  }
}

TEST_F(PresenceQuestion, whose_answer_nobody_wants_is_none) {
  ada.text(R"(2["presence"])");
  hub.deliver();
  EXPECT_EQ(ada.take(), Packets{});
}

TEST_F(PresenceQuestion, is_one_at_a_time_of_its_connection) {
  join_many(1000);
  ada.text(R"(21["presence",{"limit":1}])");
  const std::string busy = "One question at a time: ask again when the other is answered.";
  EXPECT_EQ(ada.take(), Packets{}) << "the directory is read in pieces";
  ada.text(R"(22["presence"])");
  ada.text(R"(23["jobs"])");
  EXPECT_EQ(ada.take(), (Packets{error("2", busy), error("3", busy)}));
  hub.deliver();
  EXPECT_EQ(ada.take(), Packets{R"(431[{"count":1001,"users":["ada"]}])"});
  EXPECT_EQ(ask(R"(24["jobs"])"), "434[[]]");
}

TEST_F(PresenceQuestion, is_refused_while_the_send_queue_is_full) {
  ada.waits = hub.config.send_queue_bytes;
  EXPECT_EQ(ask(R"(21["presence"])"),
            error("1", "SEND_QUEUE_BYTES wait for this client: ask again when it has read them."));
}

TEST_F(PresenceQuestion, costs_what_going_through_all_who_are_online_takes) {
  join_many(10'000);
  for (int i = 0; i < 20; ++i, hub.turn()) ask(R"(21["presence",{"limit":1}])");
  EXPECT_FALSE(ada.reading);
}

TEST_F(PresenceQuestion, of_a_client_that_has_gone_meanwhile_is_answered_to_nobody) {
  join_many(1000);
  ada.text(R"(21["presence"])");
  ada.close(CloseReason::transport_close, test_now);
  hub.deliver();
  EXPECT_EQ(ada.take(), Packets{});
}

TEST_F(PresenceQuestion, is_the_programs_where_it_has_a_handler_for_it) {
  FakeHub other;
  other.events().on("presence", [](Socket&, const json&, Ack ack) { ack(json("mine")); });
  other.registry.start(other.config);
  FakeClient bob(other);
  bob.log_in("bob");
  bob.take();
  bob.text(R"(21["presence"])");
  EXPECT_EQ(bob.take(), Packets{R"(431["mine"])"});
}

struct PresenceQuestionOfLongIds : PresenceQuestion {
  static Config small_queue() {
    Config config;
    config.send_queue_bytes = 16'384;
    return config;
  }
  PresenceQuestionOfLongIds() : PresenceQuestion(small_queue()) {}
};

TEST_F(PresenceQuestionOfLongIds, has_a_page_no_larger_than_the_send_queue_may_be) {
  for (int i = 100; i < 200; ++i) join(std::to_string(i) + std::string(250, 'x'));
  settle();
  const std::string first = ask(R"(21["presence"])");
  EXPECT_LE(first.size(), hub.config.send_queue_bytes + 5);
  EXPECT_GT(first.size(), hub.config.send_queue_bytes - 300);
  EXPECT_TRUE(first.ends_with(std::string(250, 'x') + "\"]}]")) << "cut behind a whole id";
}

struct PresenceQuestionWithoutEvents : PresenceQuestion {
  PresenceQuestionWithoutEvents() : PresenceQuestion(quiet_config()) {}
};

TEST_F(PresenceQuestionWithoutEvents, is_answered_with_an_error) {
  EXPECT_EQ(ask(R"(21["presence"])"), error("1", "PRESENCE_EVENTS is off: this server tells nobody who is online."));
}

}  // namespace
}  // namespace signalbox::hub::test
