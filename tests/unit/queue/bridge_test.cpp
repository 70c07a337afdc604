#include "queue/bridge.hpp"

#include <gtest/gtest.h>

#include <signalbox/config.hpp>

#include <deque>
#include <string>
#include <vector>

#include "unit/users/fake_mailboxes.hpp"
#include "unit/users/noted_store.hpp"

namespace signalbox::queue::test {
namespace {

using namespace std::chrono_literals;

struct BridgeTest : testing::Test {
  using Texts = std::vector<std::string>;
  using Answers = std::vector<Taken>;
  using Kind = JobReport::Kind;

  explicit BridgeTest(Config config = {}, Milliseconds hold = 100ms)
      : directory(mailboxes, config),
        bridge(emitter, {.limits = config, .hold = hold, .most_held = {.jobs = 3, .bytes = 1000}}, around()) {
    directory.open(store, now);
    directory.sockets.join("ada", {0, 1, 1});
    emitter.set_running(true);
  }
  Bridge::Around around() {
    return {.now = [this] { return now; },
            .post =
                [this](std::move_only_function<void()> task) {
                  posted.push_back(std::move(task));
                  return true;
                }};
  }
  void tell(Kind kind, const std::string& job = "1", const std::string& members = "{}",
            const std::string& user = "ada") {
    bridge.tell({.kind = kind, .user = user, .queue = "q", .job_id = job, .members = members, .finished_ms = 5},
                note());
  }
  void worker_tells(const std::string& event, const std::string& data, users::StreamPlace place = 0) {
    bridge.emit({.user = "ada", .event = event, .arguments = "[" + data + "]", .place = place}, note());
  }
  Sink::Then note() {
    return [this](Taken taken) { answers.push_back(taken); };
  }
  void wait(Milliseconds time) {
    now += time;
    bridge.on_timer();
  }
  void write_all() {
    now += Bridge::kGather;
    bridge.flush();
    for (auto& task : std::exchange(posted, {})) task();
  }
  /// The events that the socket was sent since.
  Texts told() {
    Texts out;
    for (const Message& each : std::exchange(mailboxes.boxes[0], {}))
      if (each.kind == Message::Kind::deliver) out.emplace_back(each.frame->packet().substr(2));
    return out;
  }

  static constexpr const char* kProgress = R"(["job_progress",{"jobId":"1","queue":"q"}])";
  static constexpr const char* kCompleted = R"(["job_completed",{"jobId":"1","queue":"q"}])";

  TimePoint now{1h};
  users::test::FakeMailboxes mailboxes{1};
  users::test::NotedStore store;
  users::Directory directory;
  users::Emitter emitter{directory};
  std::vector<std::move_only_function<void()>> posted;
  Answers answers;
  Bridge bridge;
};

TEST_F(BridgeTest, holds_the_first_progress_of_a_job_for_a_moment) {
  tell(Kind::progress);
  EXPECT_EQ(answers, Answers{Taken::yes}) << "its reader goes on";
  EXPECT_EQ(bridge.next_deadline(), now + 100ms);
  wait(99ms);
  EXPECT_EQ(told(), Texts{});
  wait(1ms);
  EXPECT_EQ(told(), Texts{kProgress});
  EXPECT_EQ(bridge.next_deadline(), kNever);
  tell(Kind::progress);
  EXPECT_EQ(told(), Texts{kProgress}) << "the second goes at once";
}

TEST_F(BridgeTest, leaves_out_what_it_held_while_its_process_slept) {
  tell(Kind::progress);
  wait(3s);
  EXPECT_EQ(told(), Texts{}) << "another node may have told the outcome by now";
}

TEST_F(BridgeTest, tells_the_newest_of_what_it_holds) {
  tell(Kind::progress);
  wait(50ms);
  tell(Kind::progress, "1", R"({"progress":2})");
  tell(Kind::progress, "2");
  wait(50ms);
  EXPECT_EQ(told(), Texts{R"(["job_progress",{"jobId":"1","queue":"q","progress":2}])"});
  wait(50ms);
  EXPECT_EQ(told(), Texts{R"(["job_progress",{"jobId":"2","queue":"q"}])"});
}

TEST_F(BridgeTest, drops_held_progress_for_an_outcome_or_an_event_of_its_worker) {
  tell(Kind::progress);
  tell(Kind::completed);
  EXPECT_EQ(told(), Texts{kCompleted});
  wait(100ms);
  EXPECT_EQ(told(), Texts{});
  tell(Kind::progress, "2");
  worker_tells("job_progress", R"({"jobId":"2"})");
  EXPECT_EQ(told(), Texts{R"(["job_progress",{"jobId":"2"}])"});
  wait(100ms);
  EXPECT_EQ(told(), Texts{});
}

TEST_F(BridgeTest, holds_the_first_progress_of_so_many_jobs_at_most) {
  for (const char* job : {"1", "2", "3", "4"}) tell(Kind::progress, job);
  EXPECT_EQ(told(), Texts{R"(["job_progress",{"jobId":"4","queue":"q"}])"});
}

TEST_F(BridgeTest, holds_so_many_bytes_at_most) {
  tell(Kind::progress, "1", R"({"status":")" + std::string(1000, 'x') + "\"}");
  EXPECT_EQ(told(), Texts{});
  tell(Kind::progress, "2");
  EXPECT_EQ(told(), Texts{R"(["job_progress",{"jobId":"2","queue":"q"}])"});
  tell(Kind::progress, "1");
  tell(Kind::progress, "3");
  EXPECT_EQ(told(), Texts{}) << "a small one has taken its place";
}

TEST_F(BridgeTest, keeps_what_it_holds_while_the_server_is_overloaded) {
  tell(Kind::progress);
  mailboxes.full = true;
  wait(100ms);
  EXPECT_EQ(told(), Texts{});
  mailboxes.full = false;
  wait(100ms);
  EXPECT_EQ(told(), Texts{kProgress});
}

struct BridgeWithoutHold : BridgeTest {
  BridgeWithoutHold() : BridgeTest({}, 0ms) {}
};

TEST_F(BridgeWithoutHold, tells_everything_at_once) {
  tell(Kind::progress);
  tell(Kind::failed, "1", R"({"error":"boom"})");
  EXPECT_EQ(told(), (Texts{kProgress, R"(["job_failed",{"jobId":"1","queue":"q","error":"boom"}])"}));
}

TEST_F(BridgeWithoutHold, keeps_progress_for_which_the_server_is_overloaded) {
  mailboxes.full = true;
  tell(Kind::progress);
  EXPECT_EQ(answers, Answers{Taken::yes});
  mailboxes.full = false;
  tell(Kind::progress, "1", R"({"progress":2})");
  EXPECT_EQ(told(), Texts{});
  wait(100ms);
  EXPECT_EQ(told(), Texts{R"(["job_progress",{"jobId":"1","queue":"q","progress":2}])"});
}

TEST_F(BridgeTest, answers_the_outcomes_of_a_moment_together_when_they_are_durable) {
  const TimePoint begun = now;
  tell(Kind::completed, "1");
  bridge.flush();
  wait(Bridge::kGather - 1ms);
  tell(Kind::completed, "2");
  bridge.flush();
  EXPECT_EQ(told().size(), 2u) << "users do not wait for the disk";
  EXPECT_TRUE(posted.empty());
  EXPECT_EQ(bridge.next_deadline(), begun + Bridge::kGather);
  wait(1ms);
  bridge.flush();
  EXPECT_EQ(answers, Answers{}) << "on the queues' thread";
  ASSERT_EQ(posted.size(), 1u);
  write_all();
  EXPECT_EQ(answers, (Answers{Taken::yes, Taken::yes}));
  EXPECT_EQ(bridge.next_deadline(), kNever);
}

TEST_F(BridgeTest, answers_a_worker_s_outcome_by_itself) {
  worker_tells("job_completed", R"({"jobId":"7"})");
  EXPECT_EQ(answers, Answers{});
  write_all();
  EXPECT_EQ(answers, Answers{Taken::yes});
}

TEST_F(BridgeTest, takes_an_outcome_that_is_given_again_without_telling_it_again) {
  tell(Kind::completed);
  tell(Kind::completed);
  write_all();
  EXPECT_EQ(answers, (Answers{Taken::yes, Taken::yes}));
  EXPECT_EQ(told(), Texts{kCompleted});
  EXPECT_EQ(store.kept.size(), 1u);
}

TEST_F(BridgeTest, wants_an_outcome_again_until_the_disk_has_it) {
  tell(Kind::completed);
  store.how = users::StoreState::failing;
  write_all();
  tell(Kind::completed);
  write_all();
  tell(Kind::completed, "2");
  EXPECT_EQ(answers, (Answers{Taken::later, Taken::later, Taken::later}));
  store.how = users::StoreState::ready;
  tell(Kind::completed);
  write_all();
  EXPECT_EQ(answers.back(), Taken::yes);
  EXPECT_EQ(told(), Texts{kCompleted});
}

TEST_F(BridgeTest, says_of_those_alone_that_were_refused_behind_it_that_they_were) {
  tell(Kind::completed, "1");
  tell(Kind::completed, "2");
  store.commit = users::Commit::no_room;
  store.refuse({.user = "ada", .job_id = std::string(store.kept[1].entry.frame->key()), .number = 2});
  write_all();
  EXPECT_EQ(answers, (Answers{Taken::yes, Taken::by_user}));
}

TEST_F(BridgeTest, says_what_is_nobody_s_to_be_told) {
  tell(Kind::completed, "1", "{}", "a\n");
  tell(Kind::completed, std::string(257, 'x'));
  tell(Kind::completed, "1", "[]");
  worker_tells("disconnect", "1");
  worker_tells("news", "NaN");
  EXPECT_EQ(answers, Answers(5, Taken::invalid));
  emitter.set_running(false);
  tell(Kind::failed);
  EXPECT_EQ(answers.back(), Taken::later);
}

TEST_F(BridgeTest, tells_an_entry_of_a_stream_once_and_takes_it_again) {
  worker_tells("job_completed", R"({"jobId":"7"})", 5);
  worker_tells("job_completed", R"({"jobId":"7"})", 5);
  write_all();
  EXPECT_EQ(answers, (Answers{Taken::yes, Taken::yes}));
  EXPECT_EQ(told(), Texts{R"(["job_completed",{"jobId":"7"}])"});
  EXPECT_EQ(store.kept.size(), 1u);
}

struct BridgeOfOneUnread : BridgeTest {
  BridgeOfOneUnread() : BridgeTest({.unread_outcomes_per_user = 1}) {}
};

TEST_F(BridgeOfOneUnread, says_that_a_bound_of_the_user_is_reached) {
  tell(Kind::completed, "1");
  tell(Kind::completed, "2");
  EXPECT_EQ(answers, Answers{Taken::by_user});
  tell(Kind::completed, "1");
  write_all();
  EXPECT_EQ(answers, (Answers{Taken::by_user, Taken::yes, Taken::yes})) << "what was taken is taken";
}

}  // namespace
}  // namespace signalbox::queue::test
