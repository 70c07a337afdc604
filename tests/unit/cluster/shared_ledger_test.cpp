#include "cluster/shared_ledger.hpp"

#include <gtest/gtest.h>

#include "ledger_node.hpp"

namespace signalbox::cluster::test {
namespace {

using namespace std::chrono_literals;
using Texts = std::vector<std::string>;

struct SharedLedgerTest : TwoNodes {
  /// Emits an outcome, and how long its commit takes.
  static std::future<TimePoint> commit(LedgerNode& node, const std::string& job) {
    return node.run([&] {
      const users::CommitGroup group = node.store.new_group();
      EXPECT_TRUE(node.directory.emit("ada", LedgerNode::outcome(job), group));
      auto done = std::make_shared<std::promise<TimePoint>>();
      node.store.when_committed(group, [done](users::Commit commit) {
        EXPECT_EQ(commit, users::Commit::durable);
        done->set_value(Clock::now());
      });
      return done->get_future();
    });
  }
  static std::future<users::Commit> fate(LedgerNode& node, const std::string& job, const std::string& user = "ada") {
    return node.run([&] {
      const users::CommitGroup group = node.store.new_group();
      EXPECT_TRUE(node.directory.emit(user, LedgerNode::outcome(job), group));
      const auto done = std::make_shared<std::promise<users::Commit>>();
      node.store.when_committed(group, [done](users::Commit commit) { done->set_value(commit); });
      return done->get_future();
    });
  }
};

TEST_F(SharedLedgerTest, an_outcome_of_one_node_is_told_at_a_login_on_another) {
  a->emit("ada", LedgerNode::outcome("1"));
  EXPECT_EQ(b->login("ada"), Texts{"1"});
  EXPECT_EQ(b->noted("put"), Texts{});
  a->emit("ada", LedgerNode::outcome("2"));
  EXPECT_EQ(b->login("ada"), (Texts{"1", "2"})) << "who went is read anew";
  EXPECT_EQ(a->login("ada"), (Texts{"1", "2"}));
  EXPECT_EQ(b->login("grace"), Texts{});
}

TEST_F(SharedLedgerTest, outcomes_whose_message_Redis_does_not_take_are_offered_and_relayed_again) {
  a->emit("ada", LedgerNode::outcome("1"));
  ask({"ACL", "SETUSER", "default", "-publish"});
  a->run([&] {
    a->nodes.add("home-b", RelayedEvent{.user = "ada", .kind = FrameKind::outcome, .job_id = "1", .row = 1});
  });
  a->flush();
  ask({"ACL", "SETUSER", "default", "+publish"});
  EXPECT_EQ(a->relayed, Texts{});
  a->run([&] { a->ledger.look_at_epoch(); });
  a->wait_until([&] { return a->relayed.size() == 1; });
}

TEST_F(SharedLedgerTest, an_outcome_that_the_disk_refuses_for_good_is_taken_out_of_the_index) {
  a->emit("ada", LedgerNode::outcome("1"));
  a->emit("ada", LedgerNode::outcome("2"));
  a->run([&] { a->disk.refuse({.user = "ada", .job_id = "1", .number = 1, .row = 1}); });
  a->ping();
  a->ping();
  EXPECT_EQ(b->login("ada"), Texts{"2"});
}

TEST_F(SharedLedgerTest, what_a_refused_outcome_was_to_replace_is_in_the_index_under_its_row) {
  a->emit("ada", LedgerNode::outcome("1", "job_failed"));
  a->emit("ada", LedgerNode::outcome("1"));
  a->run([&] {
    users::JobEntry before{.frame = LedgerNode::outcome("1", "job_failed").frame, .time = coarse_unix_ms(), .row = 2};
    a->disk.refuse({.user = "ada", .job_id = "1", .number = 2, .row = 2, .before = std::move(before)});
  });
  a->ping();
  a->ping();
  EXPECT_EQ(b->login("ada"), Texts{"1"});
  EXPECT_NE(ask({"HGET", keys.jobs_of("ada").packets, OutcomeName{"home-a", 2}.text()}).find("job_failed"),
            std::string::npos);
}

TEST_F(SharedLedgerTest, past_the_bound_of_a_user_over_all_nodes_outcomes_are_refused_as_on_one) {
  const LedgerNode::Start two{.unread = 2};
  LedgerNode c(url(), "home-c", two), d(url(), "home-d", two);
  c.emit("ada", LedgerNode::outcome("1"));
  d.emit("ada", LedgerNode::outcome("2"));
  EXPECT_EQ(fate(d, "3").get(), users::Commit::no_room);
  EXPECT_FALSE(d.run([&] { return d.directory.ledger.job("ada", "3").has_value(); }));
  EXPECT_EQ(d.noted("forget"), Texts{"forget ada 3"});
  EXPECT_EQ(fate(d, "1").get(), users::Commit::durable) << "that job has its place";
  EXPECT_EQ(fate(d, "other", "grace").get(), users::Commit::durable);
  b->come("ada");
  b->receive("ada");
  EXPECT_EQ(fate(d, "3").get(), users::Commit::durable);
  ask({"FLUSHALL"});
  c.emit("ada", LedgerNode::outcome("4"));
  c.emit("ada", LedgerNode::outcome("5"));
  d.run([&] { d.ledger.on_lost(), d.ledger.on_connected(); });
  d.wait_until([&] { return d.relayed.size() == 4; });
  EXPECT_EQ(packets(), "5") << "what was accepted is not refused any more";
}

TEST_F(SharedLedgerTest,
       an_outcome_that_another_node_replaced_is_forgotten_by_its_holder_and_never_counts_as_received) {
  a->emit("ada", LedgerNode::outcome("1", "job_failed"));
  a->emit("ada", LedgerNode::outcome("2"));
  b->emit("ada", LedgerNode::outcome("1"));
  EXPECT_EQ(a->noted("forget"), Texts{});
  b->flush();
  a->wait_until([&] { return !a->directory.ledger.job("ada", "1"); });
  EXPECT_EQ(a->noted("forget"), Texts{"forget ada 1"});
  EXPECT_EQ(a->noted("received"), Texts{});
  EXPECT_EQ(packets(), "2");
  EXPECT_EQ(a->login("ada"), (Texts{"2", "1"}));
}

TEST_F(SharedLedgerTest, an_outcome_stays_at_its_home_until_what_replaces_it_is_on_a_disk) {
  a->emit("ada", LedgerNode::outcome("1", "job_failed"));
  b->run([&] { b->disk.slow = true; });
  b->emit("ada", LedgerNode::outcome("1"));
  b->flush();
  a->ping();
  EXPECT_EQ(a->noted("forget"), Texts{}) << "its node may die before it has it there";
  b->run([&] { b->disk.commit(); });
  b->flush();
  a->wait_until([&] { return !a->directory.ledger.job("ada", "1"); });
  EXPECT_EQ(a->noted("forget"), Texts{"forget ada 1"});
}

TEST_F(SharedLedgerTest, who_offers_what_was_replaced_meanwhile_forgets_it) {
  a->emit("ada", LedgerNode::outcome("1", "job_failed"));
  b->emit("ada", LedgerNode::outcome("1"));
  EXPECT_EQ(a->noted("forget"), Texts{}) << "the message to it was lost";
  a->run([&] { a->ledger.on_lost(), a->ledger.on_connected(); });
  a->wait_until([&] { return !a->directory.ledger.job("ada", "1"); });
  EXPECT_EQ(a->noted("forget"), Texts{"forget ada 1"});
  EXPECT_EQ(a->noted("received"), Texts{});
  EXPECT_EQ(a->relayed, Texts{});
}

TEST_F(SharedLedgerTest, an_outcome_stays_where_it_is_held_until_the_newer_one_is_in_the_index) {
  a->emit("ada", LedgerNode::outcome("1", "job_failed"));
  a->run([&] {
    const users::Row row = a->ledger.row_of({.home = "home-b", .row = 1});
    EXPECT_TRUE(a->directory.take("ada", LedgerNode::outcome("1"), row));
  });
  EXPECT_EQ(a->noted("forget"), Texts{}) << "its node may die before it has it on its disk";
  a->run([&] { a->ledger.on_replacement({.user = "ada", .row = 1}); });
  EXPECT_EQ(a->noted("forget"), Texts{"forget ada 1"});
  EXPECT_TRUE(a->run([&] { return a->directory.ledger.job("ada", "1").has_value(); })) << "the newer one";
}

TEST_F(SharedLedgerTest, after_Redis_has_lost_its_memory_all_is_offered_again) {
  for (const char* job : {"1", "2", "3"}) a->emit("ada", LedgerNode::outcome(job));
  b->emit("ada", LedgerNode::outcome("4"));
  ask({"FLUSHALL"});
  EXPECT_EQ(packets(), "0");
  for (LedgerNode* node : {a.get(), b.get()}) {
    node->run([&] { node->ledger.look_at_epoch(); });
    const std::size_t own = node == a.get() ? 3 : 1;
    node->wait_until([&] { return node->relayed.size() == own; });
  }
  EXPECT_EQ(packets(), "4");
  EXPECT_EQ(a->relayed, (Texts{"ada 1", "ada 2", "ada 3"}));
  a->run([&] { a->ledger.look_at_epoch(); });
  a->ping();
  a->ping();
  EXPECT_EQ(a->relayed.size(), 3u) << "nothing is lost any more";
  EXPECT_EQ(b->login("ada").size(), 4u);
}

TEST_F(SharedLedgerTest, while_Redis_is_away_the_disk_is_enough_and_it_is_offered_later) {
  server->kill();
  a->wait_until([&] { return !a->client.is_up(); });
  auto committed = commit(*a, "1");
  EXPECT_EQ(committed.wait_for(1s), std::future_status::ready);
  EXPECT_EQ(b->login("ada"), Texts{}) << "no login waits either";
  server->start();
  a->wait_until([&] { return a->relayed.size() == 1; });
  b->wait_until([&] { return b->connections == 2; });
  EXPECT_EQ(b->login("ada"), Texts{"1"});
}

TEST_F(SharedLedgerTest, a_Redis_that_does_not_answer_is_waited_for_a_second) {
  server->program().stop();
  const TimePoint begin = Clock::now();
  const TimePoint end = commit(*a, "1").get();
  EXPECT_GE(end - begin, 900ms);
  EXPECT_LE(end - begin, 4s);
  server->program().resume();
  a->ping();
  a->run([&] { a->ledger.look_at_epoch(); });
  a->wait_until([&] { return !a->relayed.empty(); });
  EXPECT_EQ(b->login("ada"), Texts{"1"});
}

TEST_F(SharedLedgerTest, progress_is_written_a_second_later_and_read_elsewhere) {
  a->run([&] { a->here.insert("ada"); });
  a->emit("ada", LedgerNode::progress("7", 10));
  a->emit("ada", LedgerNode::progress("7", 20));
  a->run([&] {
    EXPECT_NE(a->ledger.next_deadline(), kNever);
    a->ledger.on_timer(a->thread.loop().now());
  });
  a->ping();
  EXPECT_EQ(ask({"HLEN", keys.jobs_of("ada").progress}), "0");
  a->run([&] { a->ledger.on_timer(a->thread.loop().now() + 2s); });
  a->ping();
  EXPECT_NE(ask({"HGET", keys.jobs_of("ada").progress, "7"}).find("\"progress\":20"), std::string::npos);
  EXPECT_EQ(b->login("ada"), Texts{"7 runs"});
  a->emit("ada", LedgerNode::outcome("7"));
  EXPECT_EQ(ask({"HLEN", keys.jobs_of("ada").progress}), "0");
}

TEST_F(SharedLedgerTest, what_others_have_written_there_is_told_only_if_it_is_the_users_outcome) {
  const Keys::OfUser of = keys.jobs_of("ada");
  unsigned row = 0;
  const auto put = [&](const std::string& bytes) {
    const std::string name = OutcomeName{"evil", ++row}.text();
    ask({"ZADD", of.order, "1764000000000", name});
    ask({"HSET", of.packets, name, bytes});
  };
  const auto event = [](const RelayedEvent& one) {
    NodeMessageWriter writer("x");
    writer.add(one);
    return writer.bytes();
  };
  const std::string packet = R"(42["job_completed",{"jobId":"7"}])";
  put("no message");
  put(event({.user = "grace", .kind = FrameKind::outcome, .packet = packet, .job_id = "7"}));
  put(event({.user = "ada", .kind = FrameKind::progress, .packet = packet, .job_id = "7"}));
  put(event({.user = "ada", .kind = FrameKind::event, .packet = packet}));
  put(event({.user = "ada", .kind = FrameKind::outcome, .packet = packet, .job_id = ""}));
  put(event({.user = "ada", .kind = FrameKind::outcome, .packet = "42[\"job_completed\"", .job_id = "7"}));
  ask({"HSET", of.progress, "7", event({.user = "ada", .kind = FrameKind::outcome, .packet = packet, .job_id = "7"})});
  ask({"ZADD", of.order, "1", "home-b:8000000000000005"});
  ask({"HSET", of.packets, "home-b:8000000000000005",
       event({.user = "ada", .kind = FrameKind::outcome, .packet = packet, .job_id = "7"})});
  EXPECT_EQ(b->login("ada"), Texts{});
  put(event({.user = "ada", .kind = FrameKind::outcome, .packet = packet, .job_id = "7"}));
  EXPECT_EQ(b->login("ada"), Texts{"7"});
}

TEST_F(SharedLedgerTest, who_went_while_Redis_was_asked_has_no_place_here) {
  a->emit("ada", LedgerNode::outcome("1"));
  b->run([&] {
    b->here.insert("ada");
    b->ledger.prepare("ada", [] {});
    b->leave("ada");
  });
  b->ping();
  EXPECT_EQ(b->run([&] { return b->directory.entries(); }), 0u);
  a->emit("ada", LedgerNode::outcome("2"));
  EXPECT_EQ(b->login("ada"), (Texts{"1", "2"}));
}

TEST_F(SharedLedgerTest, users_who_are_here_are_told_what_came_while_this_node_was_cut_off) {
  const users::User* ada = b->run([&] {
    b->here.insert("ada");
    return b->directory.sockets.join("ada", b->tab).user;
  });
  b->run([&] { b->ledger.on_lost(); });
  a->emit("ada", LedgerNode::outcome("1"));
  b->run([&] {
    b->ledger.on_connected();
    b->ledger.bring("ada");
    b->ledger.bring("gone");
  });
  b->wait_until([&] { return std::ranges::count(b->mailboxes.boxes[0], Message::Kind::deliver, &Message::kind) == 1; });
  EXPECT_EQ(b->run([&] { return b->mailboxes.boxes[0].back().frame->key() == "1"; }), true);
  b->run([&] { b->directory.sockets.leave(ada, b->tab, TimePoint{}); });
}

TEST_F(SharedLedgerTest, names_of_many_homes_are_told_apart) {
  a->run([&] {
    std::set<users::Row> rows;
    for (int i = 0; i < 2000; ++i) {
      const OutcomeName name{.home = "home" + std::to_string(i), .row = (std::uint64_t{1} << 52) - 1};
      const users::Row row = a->ledger.row_of(name);
      EXPECT_TRUE(users::of_another(row));
      EXPECT_TRUE(rows.insert(row).second);
      EXPECT_EQ(a->ledger.row_of(name), row);
    }
    for (int i = 2000; i < 4000; ++i)
      EXPECT_TRUE(users::of_another(a->ledger.row_of({.home = "home" + std::to_string(i), .row = 5})));
    EXPECT_EQ(a->ledger.row_of({.home = "home-a", .row = 5}), 5u);
  });
}

}  // namespace
}  // namespace signalbox::cluster::test
