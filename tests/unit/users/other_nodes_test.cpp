// A directory that is one of several: users whom other nodes have, and what is told to these nodes.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "one_of_several.hpp"

namespace signalbox::users::test {
namespace {

TEST_F(OneOfSeveral, users_of_other_nodes_are_online_each_once) {
  std::set<std::string> all;
  for (int i = 0; i < 3000; ++i) {
    const std::string user = "user" + std::to_string(i);
    if (i % 3 != 0) directory.presence.set_elsewhere(user, true, true, 2);
    if (i % 3 != 1) directory.sockets.join(user, tab);
    all.insert(user);
  }
  directory.presence.set_elsewhere("away", true, false, 0);
  EXPECT_EQ(directory.presence.online_count(), 3000u);
  EXPECT_EQ(directory.presence.online_users(), Texts(all.begin(), all.end()));
  EXPECT_TRUE(directory.presence.online("user1"));
  EXPECT_FALSE(directory.presence.online("away"));
  EXPECT_EQ(directory.sockets.connections("user0"), 1u);
  EXPECT_EQ(directory.sockets.connections("user1"), 2u);
  EXPECT_EQ(directory.sockets.connections("user2"), 3u);
}

TEST_F(OneOfSeveral, a_user_is_online_as_long_as_any_node_has_one_of_their_sockets) {
  directory.presence.set_elsewhere("ada", true, true, 1);
  const User* ada = directory.sockets.join("ada", tab).user;
  EXPECT_EQ(directory.presence.online_count(), 1u);
  directory.presence.set_elsewhere("ada", false, false, 0);
  EXPECT_EQ(directory.presence.online_count(), 1u);
  directory.presence.set_elsewhere("ada", true, true, 1);
  directory.sockets.leave(ada, tab, now);
  directory.on_timer(now + 5s);
  EXPECT_TRUE(directory.presence.online("ada"));
  EXPECT_EQ(directory.presence.online_count(), 1u);
  directory.presence.set_elsewhere("ada", true, false, 0);
  EXPECT_EQ(directory.presence.online_count(), 0u);
  directory.presence.set_elsewhere("ada", true, false, 0);
  directory.presence.set_elsewhere("ada", false, false, 0);
  EXPECT_EQ(directory.presence.online_count(), 0u);
}

TEST_F(OneOfSeveral, who_comes_and_goes_is_told_by_the_cluster_alone) {
  struct Noted final : PresenceObserver {
    void on_presence(const std::string& user, bool online) override { notes.push_back((online ? "+" : "-") + user); }
    Texts notes;
  } observer, here;
  directory.presence.observe(observer);
  directory.presence.observe_here(here);
  directory.sockets.join("ada", tab);
  EXPECT_EQ(observer.notes, Texts{});
  EXPECT_EQ(here.notes, Texts{"+ada"});
  EXPECT_NE(std::ranges::count(others.changes, "ada"), 0);
  directory.presence.announce("ada", true);
  EXPECT_EQ(observer.notes, Texts{"+ada"});
  directory.presence.hold();
  directory.presence.announce("ada", false);
  EXPECT_EQ(observer.notes, Texts{"+ada"}) << "clients of a server that ends come back";
}

TEST_F(OneOfSeveral, an_event_goes_to_other_nodes_that_have_the_user_or_may_have) {
  EXPECT_EQ(directory.emit("nobody", event("a")), 0u);
  EXPECT_EQ(others.relayed, Texts{"nobody 42[\"a\"] 0"}) << "who has just come elsewhere is not known yet";
  others.relayed.clear();
  directory.sockets.join("here", tab);
  EXPECT_EQ(directory.emit("here", event("b")), 1u);
  EXPECT_EQ(others.relayed, Texts{});
  others.all = true;
  EXPECT_EQ(directory.emit("here", event("c")), 1u);
  EXPECT_EQ(others.relayed, Texts{"here 42[\"c\"] 0"});
  others.all = false;
  others.relayed.clear();
  directory.presence.set_elsewhere("here", true, true, 2);
  EXPECT_EQ(directory.emit("here", event("d")), 3u);
  EXPECT_EQ(others.relayed, Texts{"here 42[\"d\"] 0"});
  others.relayed.clear();
  directory.presence.set_elsewhere("away", true, false, 0);
  EXPECT_EQ(directory.emit("away", event("e")), 0u);
  EXPECT_EQ(others.relayed, Texts{"away 42[\"e\"] 0"});
}

TEST_F(OneOfSeveral, an_outcome_goes_there_in_any_case_for_a_second_client_may_just_have_come_elsewhere) {
  directory.sockets.join("here", tab);
  EXPECT_EQ(directory.emit("here", {outcome("7")}), 1u);
  EXPECT_EQ(others.relayed.size(), 1u);
}

TEST_F(OneOfSeveral, an_outcome_that_every_node_hears_is_told_as_often_as_it_is_heard) {
  directory.sockets.join("ada", tab);
  EXPECT_EQ(directory.hear("ada", {outcome("7")}, foreign(5)), 1u);
  directory.ledger.confirm("ada", {0, 100});
  EXPECT_EQ(directory.hear("ada", {outcome("7")}, foreign(5)), 1u);
  EXPECT_EQ(delivered().size(), 2u);
  EXPECT_EQ(replay("ada"), Texts{"7"}) << "unread";
}

TEST_F(OneOfSeveral, an_outcome_travels_with_the_row_that_it_has_here) {
  EXPECT_EQ(directory.emit("ada", {outcome("7")}), 0u);
  EXPECT_EQ(others.relayed, Texts{"ada 42[\"job_completed\",{\"jobId\":\"7\"}] 1"});
  EXPECT_EQ(directory.emit_all({{"ada", {outcome("8")}}, {"ada", event("x")}}), 0u);
  EXPECT_EQ(others.relayed.size(), 3u);
  EXPECT_TRUE(others.relayed[1].ends_with("\"8\"}] 2")) << others.relayed[1];
}

TEST_F(OneOfSeveral, nothing_is_taken_that_could_not_be_relayed) {
  others.room = false;
  EXPECT_EQ(directory.emit("ada", {outcome("7")}).error(), Refusal::overloaded);
  EXPECT_EQ(directory.emit_all({{"ada", {outcome("7")}}}).error().why, Refusal::overloaded);
  EXPECT_EQ(puts(), Texts{});
  EXPECT_EQ(others.relayed, Texts{});
}

TEST_F(OneOfSeveral, an_outcome_of_another_node_is_taken_once_and_never_stored_or_relayed) {
  directory.sockets.join("ada", tab);
  EXPECT_EQ(directory.take("ada", {outcome("7")}, foreign(5)), 1u);
  EXPECT_EQ(directory.take("ada", {outcome("7")}, foreign(5)), 0u);
  EXPECT_EQ(delivered().size(), 1u);
  EXPECT_EQ(puts(), Texts{});
  EXPECT_EQ(others.relayed, Texts{});
  EXPECT_EQ(directory.take("ada", event("x"), 0), 1u);
  EXPECT_EQ(others.relayed, Texts{}) << "who was given it has told all";
}

TEST_F(OneOfSeveral, a_receipt_says_which_node_holds_the_outcome) {
  struct Rows final : OutcomeStore {
    explicit Rows(NotedStore& its) : store(its) {}
    StoreState state() const override { return StoreState::ready; }
    void look(TimePoint) override {}
    Row put(std::string_view user, const JobEntry& one, Row replaces, CommitGroup group) override {
      replaced.push_back(replaces);
      return store.put(user, one, replaces, group);
    }
    void received(std::string_view user, std::vector<Row> rows, WallMs) override {
      for (const Row row : rows) told.emplace_back(std::string(user), row);
    }
    void forget(std::vector<Row> rows) override { std::ranges::copy(rows, std::back_inserter(forgotten)); }
    void presence(PresenceChanges) override {}
    void redate(std::int64_t) override {}
    void date_at_most(WallMs) override {}
    void when_committed(CommitGroup, Committed) override {}
    void read(std::vector<StoredFrame>, std::size_t, Found) override {}
    StoredExtent extent() override { return {}; }
    void load(bool, const Take&) override {}
    std::vector<std::string> online() override { return {}; }
    void on_refused(Refused) override {}
    NotedStore& store;
    std::vector<std::pair<std::string, Row>> told;
    std::vector<Row> replaced, forgotten;
  } rows(store);
  Directory own{mailboxes, {}};
  own.join(others);
  own.open(rows, now);
  own.sockets.join("ada", tab);
  ASSERT_TRUE(own.take("ada", {outcome("7")}, foreign(5)));
  own.ledger.confirm("ada", {0, 100});
  EXPECT_EQ(rows.told, (std::vector<std::pair<std::string, Row>>{{"ada", foreign(5)}}));
  // The job goes on here: its outcome takes the place of the other node's, and the other way round.
  ASSERT_TRUE(own.emit("ada", {outcome("7")}));
  EXPECT_EQ(rows.replaced, std::vector<Row>{foreign(5)});
  ASSERT_TRUE(own.take("ada", {outcome("7", "job_failed")}, foreign(6)));
  EXPECT_EQ(rows.forgotten, std::vector<Row>{}) << "the other node says when its own is safe";
  own.ledger.forget("ada", 1);
  EXPECT_EQ(rows.forgotten, std::vector<Row>{1});
  EXPECT_TRUE(own.ledger.job("ada", "7"));
}

TEST_F(OneOfSeveral, that_an_outcome_of_this_node_was_received_elsewhere_goes_to_the_store) {
  ASSERT_TRUE(directory.emit("ada", {outcome("7")}));
  directory.ledger.received("ada", std::vector<Row>{1}, coarse_unix_ms());
  directory.ledger.received("ada", std::vector<Row>{1}, coarse_unix_ms());
  EXPECT_EQ(std::ranges::count(store.notes, "received ada 7"), 1);
  EXPECT_EQ(replay("ada"), Texts{"7 received"});
  directory.ledger.received("nobody", std::vector<Row>{1}, coarse_unix_ms());
}

TEST_F(OneOfSeveral, what_this_node_has_to_offer_is_unread_and_its_own) {
  ASSERT_TRUE(directory.emit("ada", {outcome("own")}));
  ASSERT_TRUE(directory.emit("ada", {outcome("received")}));
  directory.ledger.received("ada", std::vector<Row>{2}, coarse_unix_ms());
  directory.take_found("ada", {found("foreign", foreign(1), 1h)});
  Texts jobs;
  for (std::size_t i = 0; i < Stripes::kCount; ++i)
    for (const Ledger::Unread& each : directory.ledger.unread_of_this_node(i))
      jobs.push_back(each.user + " " + std::string(each.frame->key()) + " " + std::to_string(each.row));
  EXPECT_EQ(jobs, Texts{"ada own 1"});
}

TEST(UserWithOutcomesOfOtherNodes, does_not_rest_and_keeps_their_packets) {
  LedgerOptions options{Config{}};
  UnreadMemory unread;
  LedgerMemory memory{.unread = &unread};
  UserJobs jobs(options, memory, 100);
  std::vector<UserJobs::Gone> gone;
  const auto frame = [](const char* job) { return text_frame(R"(42["job_completed",{}])", FrameKind::outcome, job); };
  jobs.take_found({.frame = frame("own"), .time = 5, .row = 3}, gone);
  EXPECT_TRUE(jobs.can_be_left());
  jobs.take_found({.frame = frame("foreign"), .time = 6, .row = kOfAnother | 3}, gone);
  EXPECT_FALSE(jobs.can_be_left());
  jobs.unload();
  EXPECT_EQ(jobs.left_to_store().size(), 1u);
  EXPECT_EQ(jobs.left_to_store()[0].row, 3u);
  jobs.drop_found();
  EXPECT_TRUE(jobs.can_be_left());
  EXPECT_EQ(jobs.size(), 1u);
  EXPECT_TRUE(gone.empty());
}

}  // namespace
}  // namespace signalbox::users::test
