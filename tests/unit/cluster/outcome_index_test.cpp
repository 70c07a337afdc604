#include "cluster/outcome_index.hpp"

#include <gtest/gtest.h>

#include "ledger_node.hpp"

namespace signalbox::cluster::test {
namespace {

using Entered = OutcomeIndex::Entered;

struct OutcomeIndexTest : OverRedis {
  void SetUp() override {
    OverRedis::SetUp();
    if (IsSkipped()) return;
    node = std::make_unique<LedgerNode>(url(), "idle");
  }
  std::optional<Entered> offer(const OutcomeName& name, std::int64_t time, const std::string& job,
                               std::optional<OutcomeName> replaces = {}, const std::string& user = "ada") {
    return node->wait<std::optional<Entered>>([&](auto on) {
      node->index.offer({.user = user,
                         .name = name,
                         .time = time,
                         .job_id = job,
                         .event = "event of " + job,
                         .replaces = std::move(replaces)},
                        Milliseconds(5000), std::move(on));
    });
  }
  static bool is_replaced(const std::optional<Entered>& entered) {
    return entered && entered->how == OutcomeIndex::How::replaced;
  }
  std::int64_t received_at(const std::optional<Entered>& entered) { return entered ? entered->received_at : -1; }
  bool receive(const std::vector<OutcomeName>& names, std::int64_t at, const std::string& user = "ada") {
    return node->wait<bool>([&](auto on) { node->index.received(user, names, at, std::move(on)); });
  }
  std::optional<IndexedJobs> jobs_of(const std::string& user = "ada") {
    return node->wait<std::optional<IndexedJobs>>(
        [&](auto on) { node->index.jobs_of(user, Milliseconds(5000), std::move(on)); });
  }
  /// "name time received event", the oldest first.
  std::vector<std::string> outcomes(const std::string& user = "ada") {
    std::vector<std::string> out;
    const IndexedJobs jobs = jobs_of(user).value();
    for (const IndexedOutcome& each : jobs.outcomes)
      out.push_back(each.name.home + std::to_string(each.name.row) + " " + std::to_string(each.time) + " " +
                    std::to_string(each.received_at) + " " + each.event);
    return out;
  }
  using Texts = std::vector<std::string>;
  std::unique_ptr<LedgerNode> node;
  const std::int64_t now = 1'764'000'000'000;
};

TEST(OutcomeName, is_read_as_it_was_written_and_nothing_else_is) {
  const OutcomeName name{.home = "a:b", .row = 0x1234};
  EXPECT_EQ(name.text(), "a:b:0000000000001234");
  EXPECT_EQ(OutcomeName::read(name.text()), name);
  for (const char* text : {"", ":", "a", "a:", ":1", "a:0", "a:-1", "a:g", "a:1x", "a:10000000000000",
                           "a:8000000000000001", "a:11111111111111111"})
    EXPECT_FALSE(OutcomeName::read(text)) << text;
}

TEST_F(OutcomeIndexTest, an_outcome_is_there_once_although_it_is_offered_twice) {
  EXPECT_EQ(received_at(offer({"a", 1}, now, "7")), 0);
  EXPECT_EQ(received_at(offer({"a", 1}, now, "7")), 0);
  EXPECT_EQ(outcomes(), Texts{"a1 1764000000000 0 event of 7"});
  EXPECT_EQ(outcomes("grace"), Texts{});
}

TEST_F(OutcomeIndexTest, what_a_withdrawn_outcome_had_replaced_may_be_offered_again) {
  offer({"a", 1}, now, "7");
  offer({"b", 1}, now + 1, "7", OutcomeName{"c", 1});
  EXPECT_TRUE(is_replaced(offer({"a", 1}, now, "7")));
  EXPECT_TRUE(is_replaced(offer({"c", 1}, now, "7")));
  node->run([&] { node->index.withdraw("ada", {"b", 1}); });
  node->ping();
  EXPECT_FALSE(is_replaced(offer({"a", 1}, now, "7")));
  EXPECT_EQ(outcomes(), Texts{"a1 1764000000000 0 event of 7"});
  EXPECT_FALSE(is_replaced(offer({"c", 1}, now + 1, "7")));
}

TEST_F(OutcomeIndexTest, who_offers_what_was_received_hears_when) {
  offer({"a", 1}, now, "7");
  EXPECT_TRUE(receive({{"a", 1}, {"b", 2}}, now + 5));
  EXPECT_TRUE(receive({{"a", 1}}, now + 50)) << "the first time counts";
  EXPECT_EQ(received_at(offer({"a", 1}, now, "7")), now + 5);
  EXPECT_EQ(received_at(offer({"b", 2}, now, "8")), now + 5);
  EXPECT_EQ(outcomes(), Texts{"a1 1764000000000 1764000000005 event of 7"});
}

TEST_F(OutcomeIndexTest, what_was_received_too_long_ago_to_be_told_again_goes) {
  offer({"a", 1}, now, "7");
  receive({{"a", 1}}, now);
  receive({{"b", 9}}, now + 60'000);
  EXPECT_EQ(outcomes(), Texts{});
  EXPECT_EQ(ask({"HLEN", keys.jobs_of("ada").jobs}), "0");
  EXPECT_EQ(received_at(offer({"a", 1}, now, "7")), now) << "that it was received is known still";
}

TEST_F(OutcomeIndexTest, whatever_was_received_goes_in_time_however_much_it_is) {
  for (int i = 0; i < 450; i += 50) {
    std::vector<OutcomeName> some;
    for (int k = i; k < i + 50; ++k) {
      some.push_back({"a", static_cast<std::uint64_t>(k + 1)});
      offer(some.back(), now + i, std::to_string(k));
    }
    receive(some, now + i * 1000);
  }
  EXPECT_EQ(outcomes().size(), 100u) << "of the last minute";
}

TEST_F(OutcomeIndexTest, whatever_was_received_in_one_moment_goes_in_time) {
  std::vector<OutcomeName> all;
  for (std::uint64_t row = 1; row <= 950; ++row) {
    all.push_back({"a", row});
    offer(all.back(), now, std::to_string(row));
  }
  receive(all, now);
  EXPECT_EQ(outcomes().size(), 950u);
  receive({{"b", 9}}, now + 60'000);
  EXPECT_EQ(outcomes().size(), 550u) << "some of it at a time";
  receive({{"b", 9}}, now + 60'000);
  receive({{"b", 9}}, now + 60'000);
  EXPECT_EQ(outcomes(), Texts{});
  EXPECT_EQ(received_at(offer({"a", 1}, now, "1")), now);
}

TEST_F(OutcomeIndexTest, what_is_taken_out_between_two_pages_hides_nothing) {
  constexpr auto kPage = static_cast<std::int64_t>(OutcomeIndex::kPage);
  jobs_of();  // Redis knows the script from now on
  for (const bool last_too : {false, true}) {
    ask({"FLUSHALL"});
    for (std::int64_t i = 1; i <= 2 * kPage; ++i)
      offer({"a", static_cast<std::uint64_t>(i)}, now + i, std::to_string(i));
    // What this is told lies before what the first page is answered with, and hence before the second page.
    auto found = node->wait<std::optional<IndexedJobs>>([&](auto on) {
      node->index.jobs_of("ada", Milliseconds(5000), std::move(on));
      const std::int64_t last = now + kPage - (last_too ? 0 : 1);
      node->client.send({"ZREMRANGEBYSCORE", keys.jobs_of("ada").order, std::to_string(now), std::to_string(last)},
                        [](const redis::Answer&) {});
    });
    ASSERT_TRUE(found);
    EXPECT_EQ(found->outcomes.size(), static_cast<std::size_t>(2 * kPage));
  }
}

TEST_F(OutcomeIndexTest, an_outcome_that_was_replaced_is_not_told) {
  offer({"a", 1}, now, "7");
  EXPECT_EQ(offer({"b", 1}, now - 1, "7", OutcomeName{"a", 1})->replaced, (OutcomeName{"a", 1}));
  EXPECT_EQ(outcomes(), Texts{"b1 1763999999999 0 event of 7"});
}

TEST_F(OutcomeIndexTest, what_an_emitter_emits_again_is_told_again_although_all_nodes_enter_it) {
  const OutcomeName name{std::string(OutcomeName::kEmitter), 1};
  offer(name, now, "7");
  receive({name}, now + 5);
  EXPECT_EQ(received_at(offer(name, now + 6, "7")), now + 5) << "another node has heard it as well";
  // It was heard long ago.
  ask({"ZADD", keys.jobs_of("ada").emitted, "1", name.text()});
  EXPECT_EQ(offer(name, now + 7, "7")->how, OutcomeIndex::How::unread);
  EXPECT_EQ(outcomes(), Texts{"emitter1 1764000000007 0 event of 7"});
  receive({name}, now + 8);
  receive({{"b", 9}}, now + 100'000);
  EXPECT_EQ(outcomes(), Texts{});
  ask({"ZADD", keys.jobs_of("ada").emitted, "1", name.text()});
  offer(name, now + 9, "7");
  EXPECT_EQ(outcomes(), Texts{"emitter1 1764000000009 0 event of 7"});
}

TEST_F(OutcomeIndexTest, of_a_job_the_newest_outcome_is_told_whoever_offers_it) {
  offer({"a", 1}, now, "7");
  const auto entered = offer({"b", 1}, now + 5, "7");
  EXPECT_EQ(received_at(entered), 0);
  EXPECT_EQ(entered->replaced, (OutcomeName{"a", 1}));
  EXPECT_TRUE(is_replaced(offer({"a", 1}, now, "7")));
  EXPECT_TRUE(is_replaced(offer({"a", 1}, now + 9, "7"))) << "several nodes enter what an emitter publishes";
  EXPECT_TRUE(is_replaced(offer({"c", 1}, now + 1, "7"))) << "it comes too late";
  receive({{"b", 1}}, now + 6);
  receive({{"x", 1}}, now + 100'000);
  EXPECT_EQ(outcomes(), Texts{}) << "received long ago";
  EXPECT_TRUE(is_replaced(offer({"c", 1}, now + 1, "7"))) << "it does not come back";
  EXPECT_EQ(received_at(offer({"b", 1}, now + 5, "7")), now + 6);
}

TEST_F(OutcomeIndexTest, a_newer_outcome_is_offered_again_as_often_as_its_node_likes) {
  offer({"a", 1}, now, "7");
  offer({"b", 1}, now + 5, "7");
  EXPECT_EQ(outcomes(), Texts{"b1 1764000000005 0 event of 7"});
  EXPECT_EQ(offer({"b", 1}, now + 5, "7")->replaced, std::nullopt);
}

TEST_F(OutcomeIndexTest, outcomes_of_many_pages_come_in_their_order) {
  constexpr int kMany = 2 * static_cast<int>(OutcomeIndex::kPage) + 50;
  for (int i = kMany; i-- > 0;) offer({"a", static_cast<std::uint64_t>(i + 1)}, now + i / 2, std::to_string(i));
  const auto found = jobs_of()->outcomes;
  ASSERT_EQ(found.size(), static_cast<std::size_t>(kMany));
  for (int i = 0; i < kMany; ++i)
    EXPECT_EQ(found[static_cast<std::size_t>(i)].name.row, static_cast<std::uint64_t>(i + 1));
}

TEST_F(OutcomeIndexTest, no_more_is_read_than_a_node_keeps) {
  constexpr std::size_t kPage = OutcomeIndex::kPage;
  for (std::uint64_t row = 1; row <= 3 * kPage; ++row)
    offer({"a", row}, now + static_cast<std::int64_t>(row), std::to_string(row));
  OutcomeIndex::Kept few{.outcome_ttl = 3'600'000, .progress_ttl = 60'000, .replay = 60'000}, little = few;
  few.unread = kPage + 1;
  little.bytes = 4000;
  for (const OutcomeIndex::Kept& kept : {few, little}) {
    OutcomeIndex index(node->client, keys, kept);
    const auto found = node->wait<std::optional<IndexedJobs>>(
        [&](auto on) { index.jobs_of("ada", Milliseconds(5000), std::move(on)); });
    EXPECT_EQ(found->outcomes.size(), 2 * kPage) << "whole pages";
    EXPECT_EQ(found->outcomes.front().name.row, 1u) << "the oldest";
    EXPECT_FALSE(found->whole);
  }
}

TEST_F(OutcomeIndexTest, outcomes_of_any_size_come_in_pages_that_redis_may_answer_with) {
  const std::string large(600'000, 'x');
  for (std::uint64_t row = 1; row <= 150; ++row)
    offer({"a", row}, now + static_cast<std::int64_t>(row), large + std::to_string(row));
  EXPECT_EQ(jobs_of()->outcomes.size(), 150u);
}

TEST_F(OutcomeIndexTest, what_is_past_its_time_goes_with_the_next_offer) {
  offer({"a", 1}, now, "old");
  offer({"a", 2}, now + 3'600'000, "new");
  EXPECT_EQ(outcomes(), Texts{"a2 1764003600000 0 event of new"});
}

TEST_F(OutcomeIndexTest, a_node_whose_clock_is_ahead_ends_no_outcome_of_others) {
  const std::int64_t present = coarse_unix_ms();
  offer({"a", 1}, present, "1");
  offer({"b", 1}, present + 2 * 3'600'000, "2");
  EXPECT_EQ(outcomes().size(), 2u);
}

TEST_F(OutcomeIndexTest, an_outcome_ends_the_progress_of_its_job_alone) {
  node->run([&] {
    node->index.progress("ada", "7", "progress of 7", now - 1, [](bool) {});
    node->index.progress("ada", "8", "progress of 8", now - 1, [](bool) {});
  });
  offer({"a", 1}, now, "7");
  EXPECT_EQ(jobs_of()->progress, Texts{"progress of 8"});
  node->run([&] { node->index.progress("ada", "7", "it comes too late", now, [](bool) {}); });
  EXPECT_EQ(jobs_of()->progress, Texts{"progress of 8"});
  node->run([&] { node->index.progress("ada", "7", "it runs again", now + 1, [](bool) {}); });
  offer({"a", 1}, now, "7");
  EXPECT_EQ(jobs_of()->progress.size(), 2u) << "offered again, it is no newer";
}

TEST_F(OutcomeIndexTest, a_user_may_be_called_anything) {
  for (const std::string user : {"{ada}", "a b", "100%", "}{", "*", "a%20b", "\xc3\xa9"}) {
    offer({"a", 1}, now, "job {7} %", std::nullopt, user);
    EXPECT_EQ(outcomes(user).size(), 1u) << user;
    receive({{"a", 1}}, now, user);
    EXPECT_EQ(received_at(offer({"a", 1}, now, "job {7} %", std::nullopt, user)), now);
  }
  EXPECT_EQ(outcomes("ada"), Texts{});
}

TEST_F(OutcomeIndexTest, what_is_no_outcome_is_left_out) {
  const Keys::OfUser of = keys.jobs_of("ada");
  offer({"a", 1}, now, "7");
  const std::vector<std::pair<std::string, std::string>> hostile = {{"no name", "1"},
                                                                    {"a:0000000000000002", "inf"},
                                                                    {"a:0000000000000003", "-1"},
                                                                    {"a:0000000000000004", "1e300"},
                                                                    {"a:8000000000000005", "1"},
                                                                    {":0000000000000006", "1"},
                                                                    {"a:0000000000000007", "5"}};
  for (const auto& [name, score] : hostile) {
    ask({"ZADD", of.order, score, name});
    if (name.back() != '7') ask({"HSET", of.packets, name, "x"});
  }
  EXPECT_EQ(outcomes().size(), 1u);
  ask({"ZADD", of.received, "inf", "a:0000000000000001"});
  EXPECT_EQ(outcomes(), Texts{});
  EXPECT_EQ(received_at(offer({"a", 1}, now, "7")), 0);
  ask({"DEL", of.order});
  ask({"SET", of.order, "no set"});
  EXPECT_EQ(received_at(offer({"a", 2}, now, "8")), -1);
  EXPECT_FALSE(jobs_of());
}

}  // namespace
}  // namespace signalbox::cluster::test
