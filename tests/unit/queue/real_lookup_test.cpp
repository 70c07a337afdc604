#include <future>

#include "queue/job_lookup.hpp"
#include "queue/mending.hpp"
#include "unit/queue/queue_fixture.hpp"

// What a reader asks a real redis-server about jobs.
namespace signalbox::queue {
namespace {

using Texts = std::vector<std::string>;

struct RealLookup : test::RealQueue, redis::Client::Observer {
  void SetUp() override {
    RealQueue::SetUp();
    if (IsSkipped()) return;
    commands = &thread.add({.url = redis::parse_url(server->url()).value()}, *this);
    thread.start();
    up.get_future().wait();
  }
  void TearDown() override { thread.stop(); }
  void on_up() override { up.set_value(); }
  void on_down(const redis::Error&) override {}

  /// Runs it on the client's thread, and waits until it has called what it was given.
  template <class Found, class Ask>
  Found wait_for(Ask ask) {
    std::promise<Found> found;
    EXPECT_TRUE(thread.post([&] { ask([&](Found answer) { found.set_value(std::move(answer)); }); }));
    return found.get_future().get();
  }
  std::vector<JobWanted> look_up(std::vector<JobWanted> jobs) {
    JobLookup lookup(*commands, keys, users);
    using Found = std::expected<std::vector<JobWanted>, redis::Error>;
    auto found = wait_for<Found>([&](auto then) { lookup.begin(std::move(jobs), std::move(then)); });
    EXPECT_TRUE(found) << found.error().text;
    return found ? *std::move(found) : std::vector<JobWanted>();
  }
  std::string user_of(const std::string& job) { return look_up({wanted(job)})[0].found_user; }
  static JobWanted wanted(const std::string& job) { return {.job = job, .at_ms = coarse_unix_ms(), .user = true}; }
  void add_child(const std::string& id, const std::string& parent) {
    add_job(id, "{}");
    ask({"HSET", "bull:image:" + id, "parentKey", parent});
  }
  Texts next_page(Mending& mending) {
    using Found = std::expected<std::vector<JobStep>, redis::Error>;
    auto found = wait_for<Found>([&](auto then) { mending.next(std::move(then)); });
    EXPECT_TRUE(found) << found.error().text;
    Texts out;
    if (found) std::ranges::transform(*found, std::back_inserter(out), &JobStep::job);
    return out;
  }

  redis::ClientThread thread;
  redis::Client* commands = nullptr;
  std::promise<void> up;
  const QueueKeys keys = QueueKeys::of("sb", "bullmq", "bull:image");
  const JsonPaths users = JsonPaths::parse("data.userId", {"data"}).value();
};

TEST_F(RealLookup, a_child_is_its_parent_s_over_several_levels) {
  add_job("top", R"({"userId":"u"})", "video");
  add_child("4", "bull:video:top");
  for (const auto& [child, parent] : {std::pair{"3", "4"}, {"2", "3"}, {"1", "2"}, {"0", "1"}})
    add_child(child, std::string("bull:image:") + parent);
  EXPECT_EQ(user_of("2"), "u");
  EXPECT_EQ(user_of("0"), "u") << "the fifth above it";
  add_child("too deep", "bull:image:0");
  EXPECT_EQ(user_of("too deep"), "");
  add_child("its own", "bull:image:its own");
  EXPECT_EQ(user_of("its own"), "");
}

TEST_F(RealLookup, a_parent_that_may_not_be_read_names_no_user_and_hides_no_other) {
  add_job("top", R"({"userId":"u"})");
  add_child("a", "bull:image:top");
  add_child("b", "secret:1");
  add_child("c", std::string(100'000, 'x'));
  ask({"ACL", "SETUSER", "default", "resetkeys", "~bull:image:*", "~sb:*"});
  const auto found = look_up({wanted("a"), wanted("b"), wanted("c")});
  EXPECT_EQ(found[0].found_user, "u");
  EXPECT_EQ(found[1].found_user, "");
  EXPECT_EQ(found[2].found_user, "");
}

TEST_F(RealLookup, a_number_is_the_same_user_in_small_and_in_large_data) {
  const std::string large(300'000, 'x');
  for (const auto& [number, user] : {std::pair{"42", "42"},
                                     {"-7", "-7"},
                                     {"1.0", "1"},
                                     {"1e3", "1000"},
                                     {"1.5", ""},
                                     {"9007199254740993", "9007199254740993"}}) {
    add_job("small", R"({"userId":)" + std::string(number) + "}");
    add_job("large", R"({"a":")" + large + R"(","userId":)" + number + "}");
    EXPECT_EQ(user_of("small"), user) << number;
    EXPECT_EQ(user_of("large"), user) << number;
  }
}

TEST_F(RealLookup, data_that_is_large_is_read_for_each_job_and_its_parent) {
  const std::string large = R"({"a":")" + std::string(300'000, 'x') + R"(\ud800")";
  std::vector<JobWanted> jobs;
  for (int i = 0; i < 40; ++i) {
    add_job(std::to_string(i), large + R"(,"userId":"u)" + std::to_string(i) + R"("})");
    jobs.push_back(wanted(std::to_string(i)));
  }
  add_job("child", large + "}");
  ask({"HSET", "bull:image:child", "parentKey", "bull:image:7"});
  jobs.push_back(wanted("child"));
  const auto found = look_up(std::move(jobs));
  for (int i = 0; i < 40; ++i) EXPECT_EQ(found[static_cast<std::size_t>(i)].found_user, "u" + std::to_string(i));
  EXPECT_EQ(found.back().found_user, "u7");
}

TEST_F(RealLookup, results_are_read_as_far_as_they_fit_into_one_answer) {
  ask({"EVAL",
       "for i = 1, 200 do redis.call('HSET', 'bull:image:' .. i, 'timestamp', 1000, 'finishedOn', 2000, 'returnvalue', "
       "string.rep('x', i == 2 and 400 * 1024 or 200 * 1024)) end",
       "0"});
  std::vector<JobWanted> jobs;
  for (int i = 1; i <= 200; ++i) {
    jobs.push_back({.job = std::to_string(i), .at_ms = 2000, .with_result = true});
  }
  const auto found = look_up(std::move(jobs));
  ASSERT_EQ(found.size(), 200u);
  EXPECT_EQ(found[0].result->size(), 200u * 1024);
  EXPECT_FALSE(found[1].result) << "too large by itself";
  EXPECT_FALSE(found[199].result) << "the answer is full";
  for (const JobWanted& job : found) EXPECT_TRUE(job.completed && job.finished_ms == 2000) << job.job;
}

TEST_F(RealLookup, the_kind_of_an_end_is_that_of_the_last_one) {
  add_job("1", "{}");
  end_hash("1", "failedReason", "boom", "failed", 2000);
  EXPECT_FALSE(look_up({wanted("1")})[0].completed);
  end_hash("1", "returnvalue", "null", "completed", 3000);
  EXPECT_TRUE(look_up({wanted("1")})[0].completed) << "the reason of an attempt before stays in the hash";
}

TEST_F(RealLookup, a_hash_without_a_time_is_there) {
  ask({"HSET", "bull:image:1", "finishedOn", "2000"});
  ask({"SET", "bull:image:2", "no hash"});
  auto found = look_up({{.job = "1"}, wanted("2"), wanted("3")});
  EXPECT_TRUE(found[0].has_hash);
  EXPECT_EQ(found[0].finished_ms, 2000);
  EXPECT_FALSE(found[1].has_hash || found[2].has_hash);
}

TEST_F(RealLookup, a_mending_passes_over_nobody_while_the_list_is_trimmed) {
  const auto name = [](int i) { return std::to_string(1000 + i); };
  for (int i = 0; i < 350; ++i) {
    add_job(name(i), "{}");
    end_hash(name(i), "returnvalue", "1", "completed", i < 99 ? 5000 : 6000);
  }
  Mending mending(*commands, keys, 1000);
  mending.begin(5000);
  const Texts first = next_page(mending);
  ASSERT_EQ(first.size(), Mending::kPage);
  EXPECT_EQ(first.back(), name(99)) << "the first of its millisecond";
  for (int i = 0; i <= 100; ++i) ask({"ZREM", "bull:image:completed", name(i)});
  const Texts second = next_page(mending);
  ASSERT_FALSE(second.empty());
  EXPECT_EQ(second.front(), name(101));
  EXPECT_EQ(second.back(), name(200));
  for (int i = 101; i <= 150; ++i) ask({"ZREM", "bull:image:completed", name(i)});
  EXPECT_EQ(next_page(mending).front(), name(201)) << "within that millisecond";
  EXPECT_EQ(next_page(mending).back(), name(349));
  EXPECT_EQ(next_page(mending), Texts());
}

}  // namespace
}  // namespace signalbox::queue
