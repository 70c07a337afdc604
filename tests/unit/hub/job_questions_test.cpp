#include <gtest/gtest.h>

#include "fake_hub.hpp"
#include "unit/users/noted_store.hpp"

// `jobs` and `job_status`: what a client may ask about its user's jobs, and what that costs it.
namespace signalbox::hub::test {
namespace {

using users::test::NotedStore;

struct JobQuestions : testing::Test {
  explicit JobQuestions(Config config = quiet_config()) : hub(std::move(config)) { hub.registry.start(hub.config); }
  void end(const std::string& job, std::size_t bytes) {
    ASSERT_TRUE(hub.directory.emit(
        "ada", *users::job_frame(JobCompleted{.job_id = job, .result = std::string(bytes, 'x')}, {})));
  }
  FakeClient& logged_in() {
    ada.log_in("ada");
    hub.deliver();
    ada.take();
    return ada;
  }
  /// The answer to one question, without the data of the jobs.
  std::string ask(const std::string& question) {
    ada.text(question);
    const Packets told = ada.take();
    return told.size() == 1 ? told[0] : testing::PrintToString(told);
  }
  std::string error(const std::string& id, std::string_view sentence) {
    return "43" + id + R"([{"error":")" + std::string(sentence) + "\"}]";
  }

  FakeHub hub;
  FakeClient ada{hub};
};

TEST_F(JobQuestions, jobs_takes_after_and_limit_and_says_where_the_next_page_begins) {
  for (const char* job : {"1", "2", "3"}) end(job, 0);
  logged_in();
  const auto job = [this](const char* id) { return to_json(*hub.directory.ledger.job("ada", id)); };
  EXPECT_EQ(ask(R"(21["jobs",{"limit":2}])"), "431[[" + job("1") + "," + job("2") + R"(],{"next":2}])");
  EXPECT_EQ(ask(R"(22["jobs",{"after":2,"limit":2}])"), "432[[" + job("3") + "]]");
  EXPECT_EQ(ask(R"(23["jobs",{"after":3}])"), "433[[]]");
  const std::string all = "[[" + job("1") + "," + job("2") + "," + job("3") + "]]";
  EXPECT_EQ(ask(R"(24["jobs"])"), "434" + all);
  EXPECT_EQ(ask(R"(25["jobs",null])"), "435" + all);
  EXPECT_EQ(ask(R"(26["jobs",{"after":0,"order":"none"},"more"])"), "436" + all);
}

TEST_F(JobQuestions, what_jobs_cannot_take_is_answered_with_a_sentence) {
  logged_in();
  for (const char* options :
       {"1", "[]", R"("x")", R"({"limit":0})", R"({"limit":1001})", R"({"limit":"2"})", R"({"after":-1})",
        R"({"after":1.5})", R"({"after":99999999999999999999})", R"({"after":null})"}) {
    EXPECT_EQ(ask(std::string("27[\"jobs\",") + options + "]"),
              error("7",
                    "jobs takes an object with after, the `next` of an answer, and limit, a whole number from 1 to "
                    "1000; or nothing."))
        << options;
  }
}

TEST_F(JobQuestions, a_question_whose_answer_nobody_wants_is_none) {
  end("1", 100);
  EXPECT_EQ(logged_in().closed, std::nullopt);
  ada.text(R"(2["jobs"])");
  EXPECT_EQ(ada.take(), Packets{});
}

TEST_F(JobQuestions, an_answer_is_no_larger_than_the_send_queue_may_be) {
  for (int i = 0; i < 30; ++i) end(std::to_string(i), 100'000);
  logged_in();
  ada.text(R"(21["jobs"])");
  const std::string answer = ada.take().at(0);
  EXPECT_LE(answer.size(), hub.config.send_queue_bytes);
  EXPECT_TRUE(answer.ends_with(R"(],{"next":10}])")) << answer.substr(answer.size() - 40);
}

TEST_F(JobQuestions, as_many_bytes_as_may_wait_cost_a_second_of_what_a_client_may_send) {
  for (int i = 0; i < 30; ++i) end(std::to_string(i), 100'000);
  logged_in();
  ada.text(R"(21["jobs"])");
  EXPECT_TRUE(ada.reading) << "there was enough for two seconds";
  hub.turn();
  ada.text(R"(22["jobs"])");
  hub.turn();
  ada.text(R"(23["jobs"])");
  hub.turn();
  EXPECT_FALSE(ada.reading);
  const TimePoint until = ada.client.next_deadline();
  EXPECT_GT(until, test_now + std::chrono::milliseconds(700));
  EXPECT_LT(until, test_now + std::chrono::milliseconds(1100));
  ada.client.on_timer(until);
  EXPECT_TRUE(ada.reading);
}

TEST_F(JobQuestions, going_through_many_jobs_costs_as_well) {
  for (int i = 0; i < 9000; ++i) end(std::to_string(i), 0);
  logged_in();
  for (int i = 0; i < 30; ++i, hub.turn()) ada.text(R"(21["jobs",{"limit":1}])");
  EXPECT_FALSE(ada.reading);
}

TEST_F(JobQuestions, where_clients_may_send_as_much_as_they_like_nobody_is_held) {
  hub.config.client_events_per_s = 0;
  end("1", 100'000);
  FakeClient free(hub);
  free.log_in("ada");
  for (int i = 0; i < 100; ++i, hub.turn()) free.text(R"(21["jobs"])");
  EXPECT_TRUE(free.reading);
}

TEST_F(JobQuestions, while_the_send_queue_is_full_they_are_refused) {
  end("1", 100);
  logged_in();
  ada.waits = hub.config.send_queue_bytes - 1;
  EXPECT_TRUE(ask(R"(21["jobs"])").starts_with("431[[{"));
  ada.waits = hub.config.send_queue_bytes;
  const std::string_view full = "SEND_QUEUE_BYTES wait for this client: ask again when it has read them.";
  EXPECT_EQ(ask(R"(22["jobs"])"), error("2", full));
  EXPECT_EQ(ask(R"(23["job_status","1"])"), error("3", full));
  ada.waits = 0;
  EXPECT_TRUE(ask(R"(24["job_status","1"])").starts_with(R"(434[{"jobId":"1","event")"));
}

struct JobQuestionsOfMany : JobQuestions {
  static constexpr std::size_t kSockets = 20;
  JobQuestionsOfMany() {
    for (int i = 0; i < 30; ++i) end(std::to_string(i), 100'000);
    for (std::size_t i = 0; i < kSockets; ++i) {
      tabs.push_back(std::make_unique<FakeClient>(hub));
      tabs.back()->log_in("ada");
      tabs.back()->sent.clear();
    }
  }
  void all_ask() {
    for (auto& tab : tabs) {
      tab->text(R"(21["jobs"])");
      tab->waits = bytes(*tab);
    }
  }
  /// One turn later, in which nobody reads.
  void turn() {
    for (auto& tab : tabs) tab->waits = bytes(*tab);
    hub.turn();
    for (auto& tab : tabs) tab->waits = bytes(*tab);
    test_now += std::chrono::milliseconds(5);
  }
  static std::size_t bytes(const FakeClient& tab) {
    std::size_t sum = 0;
    for (const std::string& packet : tab.sent) sum += packet.size();
    return sum;
  }
  std::size_t all_bytes() const {
    std::size_t sum = 0;
    for (auto& tab : tabs) sum += bytes(*tab);
    return sum;
  }
  std::vector<std::unique_ptr<FakeClient>> tabs;
};

TEST_F(JobQuestionsOfMany, connections_of_one_user_wait_while_much_of_the_answers_is_unread) {
  all_ask();
  for (int i = 0; i < 100; ++i) turn();
  EXPECT_GT(all_bytes(), 900'000u);
  EXPECT_LT(all_bytes(), 2u << 20) << "less than may wait for a client, and the answer that passed it";
  std::size_t answered = 0;
  for (int i = 0; i < 100; ++i) {
    std::size_t in_one_turn = 0;
    for (auto& tab : tabs) {
      in_one_turn += bytes(*tab);
      answered += tab->take().size();
    }
    EXPECT_LT(in_one_turn, 2u << 20);
    turn();
  }
  EXPECT_EQ(answered, kSockets) << "all are answered as the answers are read";
}

TEST_F(JobQuestionsOfMany, connections_of_one_user_do_not_stand_before_another_users) {
  ASSERT_TRUE(hub.directory.emit("bob", *users::job_frame(JobCompleted{.job_id = "b", .result = "x"}, {})));
  FakeClient bob(hub);
  bob.log_in("bob");
  bob.take();
  all_ask();
  bob.text(R"(21["jobs"])");
  for (int i = 0; i < 2; ++i) turn();
  EXPECT_EQ(bob.take().size(), 1u);
}

TEST_F(JobQuestionsOfMany, connections_that_go_are_not_waited_for) {
  all_ask();
  for (int i = 0; i < 10; ++i) turn();
  for (std::size_t i = 0; i + 1 < kSockets; ++i) tabs[i]->close(CloseReason::transport_close, test_now);
  for (int i = 0; i < 10; ++i) turn();
  EXPECT_EQ(tabs.back()->take().size(), 1u);
  for (auto& tab : tabs) tab->waits = 0;
  test_now += std::chrono::seconds(2);
  hub.turn();
  EXPECT_EQ(hub.locals[0]->questions().next_deadline(), kNever) << "and nothing is kept of who has read all";
}

TEST_F(JobQuestionsOfMany, a_login_anew_on_its_connection_does_not_give_a_second_question) {
  all_ask();
  for (int i = 0; i < 10; ++i) turn();
  FakeClient& last = *tabs.back();
  last.text("1");
  last.log_in("ada");
  last.sent.clear();
  last.text(R"(22["jobs"])");
  EXPECT_EQ(last.take(), Packets{error("2", "One question at a time: ask again when the other is answered.")});
}

struct JobQuestionsToTheStore : JobQuestions {
  static Config short_of_memory() {
    Config config = quiet_config();
    config.ledger_total_bytes = 1;
    return config;
  }
  JobQuestionsToTheStore() : JobQuestions(short_of_memory()) { hub.directory.open(store, test_now); }
  void answer() {
    store.answer();
    hub.deliver();
  }
  NotedStore store;
};

TEST_F(JobQuestionsToTheStore, are_answered_one_at_a_time) {
  logged_in();
  end("1", 1);
  hub.deliver();
  ada.take();
  ada.text(R"(21["jobs"])");
  const std::string_view busy = "One question at a time: ask again when the other is answered.";
  EXPECT_EQ(ask(R"(22["jobs"])"), error("2", busy));
  EXPECT_EQ(ask(R"(23["job_status","1"])"), error("3", busy));
  EXPECT_EQ(store.questions.size(), 1u);
  answer();
  EXPECT_TRUE(ada.take().at(0).starts_with(R"(431[[{"jobId":"1","event":"job_completed")"));
  ada.text(R"(24["job_status","1"])");
  answer();
  EXPECT_TRUE(ada.take().at(0).starts_with(R"(434[{"jobId":"1","event":"job_completed")"));
}

TEST_F(JobQuestionsToTheStore, bring_no_more_into_memory_than_is_shown) {
  logged_in();
  for (const char* job : {"1", "2", "3", "4"}) end(job, 100);
  hub.deliver();
  ada.take();
  ada.text(R"(21["jobs",{"after":1,"limit":2}])");
  EXPECT_EQ(store.notes.back(), "read up to " + std::to_string(hub.config.send_queue_bytes) + ": 2 3");
  answer();
  const std::string page = ada.take().at(0);
  EXPECT_TRUE(page.starts_with(R"(431[[{"jobId":"2","event":"job_completed")")) << page;
  EXPECT_TRUE(page.ends_with(R"("had":false}],{"next":3}])")) << page;
  EXPECT_EQ(hub.directory.ledger.job("ada", "2")->event, "") << "it lies in the store alone as before";
  ada.text(R"(22["job_status","4"])");
  EXPECT_TRUE(store.notes.back().ends_with(": 4"));
}

TEST_F(JobQuestionsToTheStore, about_what_is_in_memory_wait_for_nothing) {
  logged_in();
  end("1", 100);
  ASSERT_TRUE(hub.directory.emit("ada", *users::job_frame(JobProgress{.job_id = "2", .progress = 5}, {})));
  hub.deliver();
  ada.take();
  EXPECT_TRUE(ask(R"(21["job_status","2"])").starts_with(R"(431[{"jobId":"2","event":"job_progress")"));
  EXPECT_TRUE(ask(R"(22["jobs",{"after":1}])").starts_with(R"(432[[{"jobId":"2","event":"job_progress")"));
}

TEST_F(JobQuestionsToTheStore, end_their_page_where_the_store_has_read_enough) {
  logged_in();
  for (int i = 1; i <= 20; ++i) end(std::to_string(i), 100'000);
  hub.deliver();
  ada.take();
  ada.text(R"(21["jobs"])");
  store.kept.resize(11);  // it ends as soon as it has read a megabyte
  answer();
  const std::string page = ada.take().at(0);
  EXPECT_LE(page.size(), hub.config.send_queue_bytes);
  EXPECT_TRUE(page.ends_with(R"(,{"next":10}])")) << page.substr(page.size() - 40);
  EXPECT_EQ(page.find(R"("event":null)"), page.npos);
}

TEST_F(JobQuestionsToTheStore, show_what_cannot_be_read_as_such) {
  logged_in();
  end("1", 1);
  hub.deliver();
  ada.take();
  store.kept.clear();
  ada.text(R"(21["job_status","1"])");
  answer();
  EXPECT_TRUE(ada.take().at(0).starts_with(R"(431[{"jobId":"1","event":null,"data":null,"time":)"));
}

TEST_F(JobQuestionsToTheStore, about_a_job_that_ends_again_meanwhile_show_the_newer_end) {
  logged_in();
  end("1", 1);
  hub.deliver();
  ada.take();
  ada.text(R"(21["job_status","1"])");
  end("1", 2);
  answer();
  answer();  // the older one has gone from the store
  const Packets told = ada.take();
  EXPECT_TRUE(std::ranges::any_of(told, [](const std::string& packet) {
    return packet.starts_with(R"(431[{"jobId":"1","event":"job_completed","data":{"jobId":"1","result":"xx"})");
  })) << testing::PrintToString(told);
}

TEST_F(JobQuestionsToTheStore, of_a_client_that_has_gone_meanwhile_are_answered_to_nobody) {
  logged_in();
  end("1", 1);
  hub.deliver();
  ada.take();
  ada.text(R"(21["jobs"])");
  ada.close(CloseReason::transport_close, test_now);
  answer();
  EXPECT_EQ(ada.take(), Packets{});
}

}  // namespace
}  // namespace signalbox::hub::test
