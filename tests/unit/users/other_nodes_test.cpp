// A directory that is one of several: users whom other nodes have, and outcomes that other nodes hold.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "fake_mailboxes.hpp"
#include "noted_store.hpp"
#include "users/directory.hpp"

namespace signalbox::users::test {
namespace {

using namespace std::chrono_literals;
using Texts = std::vector<std::string>;

struct NotedNodes final : OtherNodes {
  bool relays_all() const override { return all; }
  bool has_room() const override { return room; }
  void relay(std::string_view user, FrameRef event, Row row) override {
    relayed.push_back(std::string(user) + " " + std::string(event->packet()) + " " + std::to_string(row));
  }
  void relay_to_all(FrameRef notice) override { relayed.push_back("all " + std::string(notice->packet())); }
  void changed(std::string_view user) override { changes.emplace_back(user); }
  void begin_login(std::string, unsigned, Then then) override { then(); }
  void end_login(std::string) override {}

  bool all = false, room = true;
  Texts relayed, changes;
};

struct OneOfSeveral : testing::Test {
  OneOfSeveral() {
    directory.join(others);
    directory.open(store, now);
  }
  static EncodedEvent event(const std::string& name) { return {text_frame("42[\"" + name + "\"]")}; }
  static FrameRef outcome(const std::string& job, const std::string& name = "job_completed") {
    return text_frame("42[\"" + name + "\",{\"jobId\":\"" + job + "\"}]", FrameKind::outcome, job);
  }
  static Row foreign(Row row) { return kOfAnother | row; }
  /// An outcome that another node took so long ago.
  static Ledger::Found found(const std::string& job, Row row, Milliseconds ago, WallMs received_at = 0) {
    return {.frame = outcome(job), .time = coarse_unix_ms() - ago.count(), .received_at = received_at, .row = row};
  }
  /// Jobs, as a login is told of them.
  Texts replay(const std::string& user) { return replay(directory, user); }
  Texts replay(Directory& of, const std::string& user) {
    Texts told;
    const auto joined = of.sockets.join(user, login);
    for (const JobEntry& each : joined.replay.entries)
      told.push_back(std::string(each.frame->key()) + (each.unread() ? "" : " received"));
    of.sockets.leave(joined.user, login, now);
    return told;
  }
  Texts delivered() {
    Texts packets;
    for (const Message& each : mailboxes.boxes[0])
      if (each.kind == Message::Kind::deliver) packets.emplace_back(each.frame->packet());
    return packets;
  }
  Texts puts() {
    Texts notes;
    for (const std::string& each : store.notes)
      if (each.starts_with("put")) notes.push_back(each);
    return notes;
  }

  TimePoint now{1h};
  FakeMailboxes mailboxes{1};
  NotedNodes others;
  NotedStore store;
  Directory directory{mailboxes, {}};
  const SocketRef tab{0, 1, 1}, login{0, 9, 9};
};

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

TEST_F(OneOfSeveral, progress_of_jobs_that_have_ended_elsewhere_ends) {
  static std::int64_t steady = 0;
  steady = 1'000'000;
  DirectoryOptions options;
  options.clock = {.wall = [] { return 1'764'000'000'000 + steady; }, .steady = [] { return steady; }};
  Directory own{mailboxes, options};
  own.join(others);
  own.open(store, now);
  const auto progress = [](const char* job) {
    return text_frame(R"(42["job_progress",{}])", FrameKind::progress, job);
  };
  const WallMs begin = options.clock.wall();
  for (const char* job : {"before", "ended", "runs"}) {
    if (steady == 1'000'000) steady -= 1000;
    ASSERT_TRUE(own.take("ada", {progress(job)}, 0));
    steady = 1'000'001;
  }
  steady += 10'000;
  ASSERT_TRUE(own.take("ada", {progress("new")}, 0));
  const auto running = [&] {
    Texts jobs;
    for (const JobEntry& each : own.ledger.jobs("ada").jobs) jobs.emplace_back(each.frame->key());
    std::ranges::sort(jobs);
    return jobs;
  };
  own.take_found("ada", {{.frame = progress("runs"), .time = begin}});
  EXPECT_EQ(running(), (Texts{"before", "ended", "new", "runs"})) << "it was not read whole";
  own.take_found("ada", {{.frame = progress("runs"), .time = begin}}, begin);
  EXPECT_EQ(running(), (Texts{"before", "new", "runs"}));
  own.take_found("ada", {}, begin);
  EXPECT_EQ(running(), (Texts{"before", "new"}));
  own.take_found("nobody", {}, begin);
  EXPECT_EQ(own.entries(), 1u);
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

TEST_F(OneOfSeveral, what_is_found_is_told_at_logins_in_the_order_in_which_it_happened) {
  ASSERT_TRUE(directory.emit("ada", {outcome("own")}));
  directory.take_found("ada", {found("older", foreign(1), 2h), found("old", foreign(2), 1h)});
  EXPECT_EQ(replay("ada"), (Texts{"older", "old", "own"}));
  directory.take_found("ada", {found("older", foreign(1), 2h), found("old", foreign(2), 1h)});
  EXPECT_EQ(replay("ada"), (Texts{"older", "old", "own"})) << "it was there";
}

TEST_F(OneOfSeveral, no_more_is_taken_of_what_is_found_than_a_node_keeps_by_itself) {
  Directory own{mailboxes, Config{.unread_outcomes_per_user = 2}};
  own.open(store, now);
  own.take_found("ada", {found("1", foreign(1), 3h), found("2", foreign(2), 2h), found("3", foreign(3), 1h)});
  own.take_found("ada", {found("2", foreign(4), 1h)});
  EXPECT_EQ(replay(own, "ada"), (Texts{"1", "2"})) << "the newest of a job takes its place";
  own.ledger.received("ada", std::vector<Row>{foreign(1)}, coarse_unix_ms());
  own.take_found("ada", {found("3", foreign(3), 1h)});
  EXPECT_EQ(replay(own, "ada"), (Texts{"1 received", "2", "3"}));
  Directory small{mailboxes, Config{.unread_total_bytes = 1}};
  small.open(store, now);
  small.take_found("ada", {found("1", foreign(1), 1h)});
  EXPECT_EQ(replay(small, "ada"), Texts{});
}

TEST_F(OneOfSeveral, of_a_job_the_newest_outcome_stays) {
  ASSERT_TRUE(directory.emit("ada", {outcome("7")}));
  directory.take_found("ada", {found("7", foreign(1), 1h)});
  EXPECT_EQ(replay("ada"), Texts{"7"});
  EXPECT_EQ(store.kept.size(), 1u);
  EXPECT_EQ(std::ranges::count(store.notes, "forget ada 7"), 0);
  directory.take_found("grace", {found("8", foreign(2), 2h)});
  directory.take_found("grace", {found("8", foreign(3), 1h)});
  EXPECT_EQ(replay("grace"), Texts{"8"});
  directory.ledger.received("grace", std::vector<Row>{foreign(2)}, coarse_unix_ms());
  EXPECT_EQ(replay("grace"), Texts{"8"}) << "that was the one before";
  directory.ledger.received("grace", std::vector<Row>{foreign(3)}, coarse_unix_ms());
  EXPECT_EQ(replay("grace"), Texts{"8 received"});
}

TEST_F(OneOfSeveral, an_outcome_that_is_forgotten_leaves_the_progress_of_its_job) {
  const auto progress = [] { return text_frame(R"(42["job_progress",{"jobId":"7"}])", FrameKind::progress, "7"); };
  ASSERT_TRUE(directory.emit("ada", {outcome("7")}));
  ASSERT_TRUE(directory.emit("ada", {progress()}));
  directory.ledger.forget("ada", 1);
  EXPECT_EQ(replay("ada"), Texts{"7 received"}) << "its progress";
  directory.ledger.forget("ada", 1);
  directory.ledger.forget("nobody", 1);
  ASSERT_TRUE(directory.emit("ada", {outcome("7")}));
  directory.ledger.forget("ada", 2);
  EXPECT_EQ(replay("ada"), Texts{});
}

TEST_F(OneOfSeveral, an_outcome_is_told_beside_progress_of_its_job_which_runs_again) {
  ASSERT_TRUE(directory.take("ada", {text_frame(R"(42["job_progress",{"jobId":"7"}])", FrameKind::progress, "7")}, 0));
  directory.take_found("ada", {found("7", foreign(1), 1h)});
  EXPECT_EQ(replay("ada"), (Texts{"7", "7 received"})) << "the second is its progress";
  directory.take_found("ada", {found("7", foreign(2), 30min)});
  directory.ledger.received("ada", std::vector<Row>{foreign(2)}, 1);
  EXPECT_EQ(replay("ada"), Texts{"7 received"}) << "received long ago";
}

TEST_F(OneOfSeveral, that_an_outcome_of_this_node_was_received_elsewhere_goes_to_the_store) {
  ASSERT_TRUE(directory.emit("ada", {outcome("7")}));
  directory.ledger.received("ada", std::vector<Row>{1}, coarse_unix_ms());
  directory.ledger.received("ada", std::vector<Row>{1}, coarse_unix_ms());
  EXPECT_EQ(std::ranges::count(store.notes, "received ada 7"), 1);
  EXPECT_EQ(replay("ada"), Texts{"7 received"});
  directory.ledger.received("nobody", std::vector<Row>{1}, coarse_unix_ms());
}

TEST_F(OneOfSeveral, whoever_is_here_is_told_of_what_is_found_later) {
  directory.sockets.join("ada", tab);
  ASSERT_TRUE(directory.take("ada", {outcome("1")}, foreign(1)));
  directory.take_found(
      "ada", {found("1", foreign(1), 1s), found("2", foreign(2), 1s), found("3", foreign(3), 1s, coarse_unix_ms())});
  const Texts both{R"(42["job_completed",{"jobId":"1"}])", R"(42["job_completed",{"jobId":"2"}])"};
  EXPECT_EQ(delivered(), both);
  EXPECT_EQ(mailboxes.boxes[0].back().number, 2u);
}

TEST_F(OneOfSeveral, what_other_nodes_hold_goes_with_the_last_socket) {
  const User* ada = directory.sockets.join("ada", tab).user;
  ASSERT_TRUE(directory.take("ada", {outcome("foreign")}, foreign(1)));
  ASSERT_TRUE(directory.emit("ada", {outcome("own")}));
  directory.ledger.drop_found("ada");
  EXPECT_TRUE(directory.ledger.job("ada", "foreign")) << "a socket is here";
  directory.sockets.leave(ada, tab, now);
  directory.on_timer(now + 5s);
  directory.ledger.drop_found("ada");
  EXPECT_FALSE(directory.ledger.job("ada", "foreign"));
  EXPECT_TRUE(directory.ledger.job("ada", "own"));
  directory.take_found("grace", {found("8", foreign(2), 1h)});
  EXPECT_EQ(directory.entries(), 2u);
  directory.ledger.drop_found("grace");
  directory.ledger.drop_found("nobody");
  EXPECT_EQ(directory.entries(), 1u);
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
