#include <gtest/gtest.h>

#include <map>

#include "fake_hub.hpp"
#include "unit/users/noted_store.hpp"

// An outcome from its emit to the moment when its user has had it.
namespace signalbox::hub::test {
namespace {

using users::test::NotedStore;

const std::string kDone = R"(42["job_completed",{"jobId":"7","result":1}])";
users::EncodedEvent done() {
  return *users::job_frame(JobCompleted{.job_id = "7", .result = 1}, {});
}
users::EncodedEvent percent(int value) {
  return *users::job_frame(JobProgress{.job_id = "8", .progress = 1.0 * value}, {});
}

struct Outcomes : testing::Test {
  Outcomes() {
    hub.config.presence_events = false;
    hub.directory.open(store, test_now);
    hub.registry.start(hub.config);
  }
  /// What a client is told at its login behind `40` and `authenticated`.
  static Packets told_at_login(FakeClient& client, std::string_view user = "ada") {
    client.log_in(user);
    Packets sent = client.take();
    EXPECT_TRUE(sent.at(1).starts_with(R"(42["authenticated")"));
    return {sent.begin() + 2, sent.end()};
  }
  /// The client answers the ping behind all that it was sent, and a second passes.
  void confirm(FakeClient& client) {
    client.client.on_received(client.marker, test_now);
    test_now += std::chrono::seconds(1);
    client.client.on_timer(test_now);
  }
  NotedStore store;
  FakeHub hub;
};

TEST_F(Outcomes, wait_for_a_user_who_is_away_and_are_told_right_after_authenticated) {
  EXPECT_EQ(hub.directory.emit("ada", done()), 0u);
  EXPECT_EQ(store.notes, std::vector<std::string>{"put ada 7 1"});
  FakeClient ada(hub);
  EXPECT_EQ(told_at_login(ada), Packets{kDone});
}

TEST_F(Outcomes, are_had_a_second_after_the_client_confirmed_their_receipt) {
  FakeClient ada(hub);
  told_at_login(ada);
  ASSERT_EQ(hub.directory.emit("ada", done()), 1u);
  hub.deliver();
  EXPECT_FALSE(hub.directory.ledger.job("ada", "7")->received);
  ada.client.on_received(ada.marker, test_now);
  EXPECT_EQ(ada.client.next_deadline(), test_now + std::chrono::seconds(1));
  ada.client.on_timer(test_now + std::chrono::milliseconds(999));
  EXPECT_FALSE(hub.directory.ledger.job("ada", "7")->received);
  ada.client.on_timer(test_now + std::chrono::seconds(1));
  EXPECT_TRUE(hub.directory.ledger.job("ada", "7")->received);
  EXPECT_EQ(store.notes.back(), "received ada 7");
}

TEST_F(Outcomes, a_receipt_is_void_if_the_socket_left_meanwhile) {
  FakeClient ada(hub);
  told_at_login(ada);
  ASSERT_TRUE(hub.directory.emit("ada", done()));
  hub.deliver();
  ada.client.on_received(ada.marker, test_now);
  ada.text("1");
  ada.log_in("grace");  // the same connection, another user with numbers of her own
  ada.client.on_timer(test_now + std::chrono::seconds(2));
  EXPECT_FALSE(hub.directory.ledger.job("ada", "7")->received);
}

TEST_F(Outcomes, a_receipt_says_nothing_of_what_was_sent_after_its_ping) {
  FakeClient ada(hub);
  told_at_login(ada);
  ASSERT_TRUE(hub.directory.emit("ada", done()));
  hub.deliver();
  const std::uint32_t first = ada.marker;
  ASSERT_TRUE(hub.directory.emit("ada", *users::job_frame(JobFailed{.job_id = "9", .error = "x"}, {})));
  hub.deliver();
  ada.client.on_received(first, test_now);
  ada.client.on_timer(test_now + std::chrono::seconds(1));
  EXPECT_TRUE(hub.directory.ledger.job("ada", "7")->received);
  EXPECT_FALSE(hub.directory.ledger.job("ada", "9")->received);
}

TEST_F(Outcomes, that_wait_for_the_same_ping_are_one_receipt) {
  FakeClient ada(hub);
  told_at_login(ada);
  ASSERT_TRUE(hub.directory.emit("ada", done()));
  hub.deliver();
  const std::uint32_t first = ada.waiting_marker = ada.marker;
  for (const char* job : {"8", "9"}) {
    ASSERT_TRUE(hub.directory.emit("ada", *users::job_frame(JobFailed{.job_id = job, .error = "x"}, {})));
    hub.deliver();
  }
  EXPECT_EQ(ada.marker, first) << "who answers no ping takes no memory for each outcome";
  ada.waiting_marker = 0;  // the ping goes out
  ASSERT_TRUE(hub.directory.emit("ada", *users::job_frame(JobFailed{.job_id = "10", .error = "x"}, {})));
  hub.deliver();
  EXPECT_GT(ada.marker, first);
  ada.client.on_received(first, test_now);
  ada.client.on_timer(test_now + std::chrono::seconds(1));
  for (const char* job : {"7", "8", "9"}) EXPECT_TRUE(hub.directory.ledger.job("ada", job)->received) << job;
  EXPECT_FALSE(hub.directory.ledger.job("ada", "10")->received);
}

TEST_F(Outcomes, are_told_to_every_tab_that_comes_for_a_while_though_one_has_had_them) {
  FakeClient first(hub);
  ASSERT_TRUE(hub.directory.emit("ada", done()));
  told_at_login(first);
  confirm(first);
  FakeClient second(hub, 1);
  EXPECT_EQ(told_at_login(second), Packets{kDone});
  EXPECT_EQ(second.marker, 0u) << "and no receipt is asked for what was had";
}

TEST_F(Outcomes, the_newest_progress_of_what_runs_is_told_as_well) {
  ASSERT_TRUE(hub.directory.emit("ada", percent(10)));
  ASSERT_TRUE(hub.directory.emit("ada", done()));
  ASSERT_TRUE(hub.directory.emit("ada", percent(20)));
  FakeClient ada(hub);
  EXPECT_EQ(told_at_login(ada),
            (Packets{kDone, R"(42["job_progress",{"jobId":"8","progress":20,"status":"processing"}])"}));
}

TEST_F(Outcomes, are_refused_while_the_store_cannot_write_and_progress_goes_on) {
  store.how = users::StoreState::failing;
  EXPECT_EQ(hub.directory.emit("ada", done()).error(), users::Refusal::not_durable);
  EXPECT_EQ(hub.directory.emit_all({{"ada", percent(1)}, {"ada", done()}}).error(), users::Refusal::not_durable);
  EXPECT_FALSE(hub.directory.ledger.job("ada", "8")) << "all or none";
  EXPECT_TRUE(hub.directory.emit("ada", percent(1)));
}

TEST_F(Outcomes, a_client_asks_for_its_own_jobs_and_for_no_others) {
  ASSERT_TRUE(hub.directory.emit("ada", done()));
  ASSERT_TRUE(hub.directory.emit("grace", percent(5)));
  FakeClient ada(hub);
  told_at_login(ada);
  const users::WallMs time = hub.directory.ledger.job("ada", "7")->time;
  const std::string job = R"({"jobId":"7","event":"job_completed","data":{"jobId":"7","result":1},"time":)" +
                          std::to_string(time) + R"(,"had":false})";
  ada.text(R"(21["job_status","7"])");
  ada.text(R"(22["job_status",7])");
  ada.text(R"(23["job_status","8"])");
  ada.text(R"(24["jobs"])");
  EXPECT_EQ(ada.take(),
            (Packets{"431[" + job + "]", "432[" + job + "]",
                     R"(433[{"jobId":"8","event":null,"data":null,"time":null,"had":false}])", "434[[" + job + "]]"}));
}

TEST_F(Outcomes, of_an_application_that_has_such_events_itself_are_its_own) {
  FakeHub own;
  own.events().on("jobs", [](Socket&, const json&, Ack ack) { ack("mine"); });
  own.registry.start(own.config);
  FakeClient ada(own);
  told_at_login(ada);
  ada.text(R"(21["jobs"])");
  EXPECT_EQ(ada.take(), Packets{R"(431["mine"])"});
}

struct AcknowledgedOutcomes : Outcomes {
  AcknowledgedOutcomes() { hub.config.outcome_acks = true; }
  static constexpr const char* kAsked = R"(421000000000001["job_completed",{"jobId":"7","result":1}])";
};

TEST_F(AcknowledgedOutcomes, ask_for_it_when_they_happen_and_at_a_login_and_progress_does_not) {
  FakeClient ada(hub);
  told_at_login(ada);
  ASSERT_TRUE(hub.directory.emit("ada", done()));
  hub.deliver();
  EXPECT_EQ(ada.take(), Packets{kAsked});
  ASSERT_TRUE(hub.directory.emit("ada", percent(10)));
  FakeClient again(hub);
  EXPECT_EQ(told_at_login(again), (Packets{kAsked, std::string(percent(10)->packet())}));
}

TEST_F(AcknowledgedOutcomes, of_one_with_a_higher_number_it_says_nothing_of_what_a_login_is_told_behind_it) {
  FakeClient here(hub);
  told_at_login(here);
  ASSERT_TRUE(hub.directory.emit("ada", done()));
  hub.deliver();
  EXPECT_EQ(here.take(), Packets{kAsked});
  const users::EncodedEvent older = *users::job_frame(JobCompleted{.job_id = "8", .result = 1}, {});
  hub.directory.take_found("ada", {{.frame = older.frame, .time = 1, .row = users::kOfAnother | 1}});
  FakeClient again(hub);
  EXPECT_EQ(told_at_login(again), (Packets{R"(421000000000000["job_completed",{"jobId":"8","result":1}])",
                                           R"(421000000000002["job_completed",{"jobId":"7","result":1}])"}));
  const auto acknowledge = [&](const char* packet) {
    again.text(packet);
    test_now += std::chrono::seconds(1);
    again.client.on_timer(test_now);
    return std::pair(hub.directory.ledger.job("ada", "8")->received, hub.directory.ledger.job("ada", "7")->received);
  };
  EXPECT_EQ(acknowledge("31000000000000[]"), std::pair(false, false));
  EXPECT_EQ(acknowledge("31000000000002[]"), std::pair(true, true));
}

TEST_F(AcknowledgedOutcomes, are_had_when_it_comes_and_written_down_once_for_many) {
  FakeClient ada(hub);
  told_at_login(ada);
  for (const char* job : {"7", "9"}) {
    ASSERT_TRUE(hub.directory.emit("ada", *users::job_frame(JobFailed{.job_id = job, .error = "x"}, {})));
  }
  hub.deliver();
  ada.text("31000000000001[]");
  ada.text("31000000000002[]");
  test_now = ada.client.next_deadline();
  ada.client.on_timer(test_now);
  EXPECT_TRUE(hub.directory.ledger.job("ada", "9")->received);
  EXPECT_EQ(store.notes.size(), 3u);
  EXPECT_EQ(store.notes.back(), "received ada 7, ada 9");
}

TEST_F(AcknowledgedOutcomes, of_numbers_that_were_never_sent_are_taken_for_the_newest_that_was) {
  FakeClient ada(hub);
  told_at_login(ada);
  ASSERT_EQ(hub.directory.emit("ada", done()), 1u);
  hub.deliver();
  ada.text("3999999999999999[]");
  ada.text("310000000000000000000[]");
  ada.client.on_timer(test_now + std::chrono::milliseconds(100));
  EXPECT_EQ(store.notes.back(), "received ada 7");
  FakeClient stranger(hub);
  stranger.log_in("grace");
  stranger.text("3999999999999999[]");
  stranger.client.on_timer(test_now + std::chrono::milliseconds(100));
  EXPECT_EQ(store.notes.back(), "received ada 7");
}

TEST_F(AcknowledgedOutcomes, count_though_the_client_leaves_at_once) {
  FakeClient ada(hub);
  told_at_login(ada);
  ASSERT_TRUE(hub.directory.emit("ada", done()));
  hub.deliver();
  ada.text("31000000000001[]");
  ada.text("1");
  EXPECT_TRUE(hub.directory.ledger.job("ada", "7")->received);
}

TEST_F(Outcomes, ask_for_no_acknowledgement_else_and_one_that_nobody_asked_for_says_nothing) {
  FakeClient ada(hub);
  told_at_login(ada);
  ASSERT_TRUE(hub.directory.emit("ada", done()));
  hub.deliver();
  EXPECT_EQ(ada.take(), Packets{kDone});
  ada.text("31000000000001[]");
  ada.text("1");
  EXPECT_FALSE(hub.directory.ledger.job("ada", "7")->received);
}

TEST(OutcomesPushedOut, are_gone_from_the_store_as_well) {
  FakeMailboxes mailboxes(1);
  NotedStore store;
  users::Directory directory(mailboxes, Config{.jobs_per_user = 1});
  directory.open(store, test_now);
  ASSERT_TRUE(directory.emit("ada", done()));
  directory.ledger.confirm("ada", {.up_to = 1});
  ASSERT_TRUE(directory.emit("ada", percent(1)));  // whose progress pushes the outcome out
  EXPECT_EQ(store.notes, (std::vector<std::string>{"put ada 7 1", "received ada 7", "forget ada 7"}));
}

TEST(OutcomesThatTheStoreCannotTake, are_not_told_at_the_next_login) {
  NotedStore store;
  FakeHub hub;
  hub.config.presence_events = false;
  hub.directory.open(store, test_now);
  hub.registry.start(hub.config);
  ASSERT_TRUE(hub.directory.emit("ada", done()));
  store.refuse({.user = "ada", .job_id = "7", .number = 1});
  FakeClient ada(hub);
  EXPECT_EQ(Outcomes::told_at_login(ada), Packets{});
  EXPECT_FALSE(hub.directory.ledger.job("ada", "7"));
}

TEST(OutcomesAfterARestart, are_there_again) {
  NotedStore store;
  store.find("ada", {.frame = done().frame, .number = 41, .time = 1'900'000'000'000});
  FakeHub hub;
  hub.config.presence_events = false;
  hub.directory.open(store, test_now);
  hub.registry.start(hub.config);
  FakeClient ada(hub);
  EXPECT_EQ(Outcomes::told_at_login(ada), Packets{kDone});
  ASSERT_TRUE(hub.directory.emit("ada", *users::job_frame(JobFailed{.job_id = "8", .error = "x"}, {})));
  EXPECT_EQ(store.notes.back(), "put ada 8 42") << "numbers go on";
}

TEST(OutcomesAfterARestart, go_in_the_order_in_which_they_happened) {
  NotedStore store;
  for (const char* job : {"3", "1", "2"}) {
    const FrameRef frame = users::job_frame(JobCompleted{.job_id = job}, {})->frame;
    store.find("ada", {.frame = frame, .number = store.found.size() + 1, .time = 1, .received_at = 1});
  }
  FakeMailboxes mailboxes(1);
  users::DirectoryOptions options = Config{.jobs_per_user = 3};
  options.clock = {[] { return users::WallMs{1}; }, [] { return users::WallMs{1}; }};
  users::Directory directory(mailboxes, options);
  directory.open(store, test_now);
  ASSERT_TRUE(directory.emit("ada", percent(1)));
  EXPECT_EQ(store.notes, std::vector<std::string>{"forget ada 3"});
}

}  // namespace
}  // namespace signalbox::hub::test
