#include "users/directory.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

namespace signalbox::users {
namespace {

using namespace std::chrono_literals;

/// Mailboxes that keep what is posted, two shards, each with room for `room` messages.
struct RecordingMailboxes : Mailboxes {
  std::vector<Message> posted[2];
  std::size_t room = 100;
  std::function<void()> session_code{};

  unsigned shards() const override { return 2; }
  bool post(unsigned shard, Message&& message) override {
    if (message.kind != Message::Kind::task && posted[shard].size() >= room) return false;
    posted[shard].push_back(std::move(message));
    return true;
  }
  bool has_room(unsigned shard, std::size_t count) const override { return posted[shard].size() + count <= room; }
  void deliver_own() override {
    if (session_code) session_code();
  }
  int current_shard() const override { return -1; }

  std::vector<std::string> packets(unsigned shard, Message::Kind kind) const {
    std::vector<std::string> out;
    for (const Message& m : posted[shard]) {
      if (m.kind == kind) out.emplace_back(m.frame->packet());
    }
    return out;
  }
  std::vector<std::string> told(unsigned shard) const { return packets(shard, Message::Kind::broadcast); }
  std::vector<std::string> delivered(unsigned shard) const { return packets(shard, Message::Kind::deliver); }
};

using Packets = std::vector<std::string>;
const std::string kAdaOnline = R"(42["user_online",{"userId":"ada"}])";
const std::string kAdaOffline = R"(42["user_offline",{"userId":"ada"}])";

struct DirectoryTest : testing::Test {
  RecordingMailboxes mailboxes;
  Directory directory{mailboxes, {}};
  TimePoint now{1h};
  const SocketRef tab{0, 1, 1}, telephone{1, 7, 3};
};

TEST_F(DirectoryTest, a_user_is_online_from_the_first_socket_and_all_shards_are_told_once) {
  EXPECT_FALSE(directory.presence.online("ada"));
  directory.sockets.join("ada", tab);
  directory.sockets.join("ada", telephone);
  EXPECT_TRUE(directory.presence.online("ada"));
  EXPECT_EQ(directory.presence.online_count(), 1u);
  EXPECT_EQ(directory.sockets.connections("ada"), 2u);
  EXPECT_EQ(mailboxes.told(0), Packets{kAdaOnline});
  EXPECT_EQ(mailboxes.told(1), Packets{kAdaOnline});
}

TEST_F(DirectoryTest, session_code_runs_at_once_and_when_the_users_lock_is_free) {
  directory.sockets.join("ada", tab);
  std::vector<std::size_t> seen;
  mailboxes.session_code = [&] {
    seen.push_back(directory.sockets.connections("ada") + mailboxes.delivered(0).size());
  };
  EXPECT_EQ(directory.emit("ada", EncodedEvent{text_frame("42[\"a\"]")}), 1u);
  EXPECT_EQ(seen, std::vector<std::size_t>{2});
  EXPECT_EQ(directory.emit_all({{"ada", {text_frame("42[\"b\"]")}}, {"ada", {text_frame("42[\"c\"]")}}}), 2u);
  EXPECT_EQ(seen, (std::vector<std::size_t>{2, 4}));
}

TEST_F(DirectoryTest, a_broadcast_names_the_user_whom_it_is_not_for) {
  directory.sockets.join("ada", tab);
  EXPECT_EQ(mailboxes.posted[0].at(0).frame->key(), "ada");
}

TEST_F(DirectoryTest, a_user_goes_offline_when_the_last_socket_has_been_gone_for_the_grace) {
  const User* ada = directory.sockets.join("ada", tab).user;
  directory.sockets.leave(ada, tab, now);
  EXPECT_TRUE(directory.presence.online("ada")) << "a reload is not an absence";
  EXPECT_EQ(directory.sockets.connections("ada"), 0u);
  EXPECT_LE(directory.next_deadline(), now + 5s);
  directory.on_timer(now + 4999ms);
  EXPECT_TRUE(directory.presence.online("ada"));
  directory.on_timer(now + 5s);
  EXPECT_FALSE(directory.presence.online("ada"));
  EXPECT_EQ(directory.presence.online_count(), 0u);
  EXPECT_EQ(mailboxes.told(0), (Packets{kAdaOnline, kAdaOffline}));
}

TEST_F(DirectoryTest, graces_of_a_crowd_that_end_at_once_end_so_many_a_turn_and_all_in_the_end) {
  constexpr std::size_t kCrowd = 5000;
  mailboxes.room = SIZE_MAX;
  for (std::size_t i = 0; i < kCrowd; ++i) {
    const User* user = directory.sockets.join("u" + std::to_string(i), tab).user;
    directory.sockets.leave(user, tab, now);
  }
  now += 5s;
  std::size_t turns = 0;
  for (std::size_t left = kCrowd; left != 0 && turns < kCrowd; ++turns) {
    ASSERT_LE(directory.next_deadline(), now);
    directory.on_timer(now);
    EXPECT_LE(left - directory.presence.online_count(), 1000u);
    left = directory.presence.online_count();
    EXPECT_EQ(mailboxes.told(0).size(), kCrowd + kCrowd - left) << "whoever is offline was told of";
  }
  EXPECT_EQ(turns, 5u);
  EXPECT_GT(directory.next_deadline(), now);
}

TEST_F(DirectoryTest, looks_for_what_is_over_through_a_part_of_the_users_a_turn) {
  Directory quiet{mailboxes, Config{.presence_events = false}};
  for (std::size_t i = 0; i < 100'000; ++i) quiet.sockets.join("u" + std::to_string(i), tab);
  std::size_t turns = 0;
  for (; quiet.next_deadline() <= now && turns < 100; ++turns) quiet.on_timer(now);
  EXPECT_GE(turns, 2u) << "more than six thousand are due each second";
  EXPECT_LE(turns, 4u);
  EXPECT_LE(quiet.next_deadline(), now + 1s);
}

TEST_F(DirectoryTest, who_is_back_within_the_grace_was_never_away) {
  const User* ada = directory.sockets.join("ada", tab).user;
  directory.sockets.leave(ada, tab, now);
  EXPECT_EQ(directory.sockets.join("ada", telephone).user, ada);
  directory.on_timer(now + 10s);
  EXPECT_TRUE(directory.presence.online("ada"));
  EXPECT_EQ(mailboxes.told(1), Packets{kAdaOnline});
}

TEST_F(DirectoryTest, closing_one_of_two_tabs_changes_nothing) {
  const User* ada = directory.sockets.join("ada", tab).user;
  directory.sockets.join("ada", telephone);
  directory.sockets.leave(ada, tab, now);
  directory.on_timer(now + 1min);
  EXPECT_TRUE(directory.presence.online("ada"));
  EXPECT_EQ(directory.sockets.connections("ada"), 1u);
}

TEST_F(DirectoryTest, what_sockets_show_of_their_user_is_kept_once_while_it_is_the_same) {
  const auto [ada, evicted, replay, first] = directory.sockets.join("ada", tab, SharedText(R"({"id":"ada"})"));
  const auto shown = [&](std::string_view text) { return directory.sockets.shared(ada, SharedText(text)); };
  EXPECT_EQ(directory.sockets.join("ada", telephone, SharedText(first.view())).shown.view().data(),
            first.view().data());
  EXPECT_EQ(shown(first.view()).view().data(), first.view().data());
  EXPECT_EQ(shown(R"({"id":"ada","admin":true})").view(), R"({"id":"ada","admin":true})");
  EXPECT_EQ(first.view(), R"({"id":"ada"})");
}

TEST_F(DirectoryTest, an_event_goes_to_every_socket_of_its_user_and_to_nobody_else) {
  directory.sockets.join("ada", tab);
  directory.sockets.join("ada", telephone);
  directory.sockets.join("grace", {0, 2, 1});
  EXPECT_EQ(directory.emit("ada", EncodedEvent{text_frame("42[\"x\"]")}).value(), 2u);
  EXPECT_EQ(mailboxes.delivered(0), Packets{"42[\"x\"]"});
  EXPECT_EQ(mailboxes.delivered(1), Packets{"42[\"x\"]"});
}

TEST_F(DirectoryTest, an_event_for_a_user_who_is_away_reaches_no_socket_and_is_no_error) {
  EXPECT_EQ(directory.emit("nobody", EncodedEvent{text_frame("42[\"x\"]")}).value(), 0u);
}

TEST_F(DirectoryTest, a_job_event_without_a_usable_id_is_delivered_not_kept_and_counted) {
  directory.sockets.join("ada", tab);
  const EncodedEvent progress{text_frame("42[\"job_progress\",{}]", FrameKind::progress)};
  EXPECT_EQ(directory.emit("ada", progress).value(), 1u);
  EXPECT_EQ(directory.emit_all({{"ada", progress}, {"nobody", progress}}).value(), 1u);
  EXPECT_EQ(directory.emit("ada", EncodedEvent{text_frame("42[\"x\"]")}).value(), 1u);
  EXPECT_TRUE(directory.ledger.jobs("ada").jobs.empty());
  EXPECT_EQ(directory.ledger.job_events_without_id(), 3u);
}

TEST_F(DirectoryTest, outcomes_are_numbered_on_while_a_receipt_of_earlier_ones_may_come) {
  static WallMs wall;
  wall = 1'000'000;
  DirectoryOptions options = Config{.outcome_ttl = Milliseconds(1000)};
  options.clock = {[] { return wall; }, [] { return wall; }};
  Directory short_lived(mailboxes, options);
  const auto outcome = [](const char* job) { return *job_frame(JobCompleted{.job_id = job}, {}); };
  short_lived.sockets.join("ada", tab);
  for (const char* job : {"1", "2", "3"}) ASSERT_TRUE(short_lived.emit("ada", outcome(job)));
  wall += 2000;
  for (int second = 0; second < 20; ++second) short_lived.on_timer(now += 1s);
  ASSERT_TRUE(short_lived.ledger.jobs("ada").jobs.empty());
  ASSERT_TRUE(short_lived.emit("ada", outcome("4")));
  short_lived.ledger.confirm("ada", {.up_to = 3});  // late, for the first three
  EXPECT_FALSE(short_lived.ledger.job("ada", "4")->received);
}

TEST_F(DirectoryTest, an_event_for_which_one_mailbox_has_no_room_goes_to_none) {
  directory.sockets.join("ada", tab);
  directory.sockets.join("ada", telephone);
  mailboxes.room = 1;  // the presence event fills each
  EXPECT_EQ(directory.emit("ada", EncodedEvent{text_frame("42[\"x\"]")}).error(), Refusal::overloaded);
  EXPECT_EQ(mailboxes.delivered(0), Packets{});
  EXPECT_EQ(mailboxes.delivered(1), Packets{});
}

TEST_F(DirectoryTest, a_batch_is_taken_whole_or_not_at_all) {
  directory.sockets.join("ada", tab);
  const std::vector<Emission> batch = {{"ada", EncodedEvent{text_frame("42[\"1\"]")}},
                                       {"nobody", EncodedEvent{text_frame("42[\"2\"]")}},
                                       {"ada", EncodedEvent{text_frame("42[\"3\"]")}}};
  EXPECT_EQ(directory.emit_all(batch).value(), 2u);
  EXPECT_EQ(mailboxes.delivered(0), (Packets{"42[\"1\"]", "42[\"3\"]"}));
  mailboxes.room = mailboxes.posted[0].size() + 1;
  EXPECT_FALSE(directory.emit_all(batch).has_value());
  EXPECT_EQ(mailboxes.delivered(0).size(), 2u);
}

TEST_F(DirectoryTest, past_the_limit_a_users_oldest_socket_is_named) {
  Directory strict{mailboxes, Config{.max_connections_per_user = 2}};
  EXPECT_FALSE(strict.sockets.join("ada", tab).evicted);
  EXPECT_FALSE(strict.sockets.join("ada", telephone).evicted);
  EXPECT_EQ(strict.sockets.join("ada", {0, 9, 1}).evicted, tab);
}

TEST_F(DirectoryTest, with_presence_events_off_users_are_counted_and_nobody_is_told) {
  Directory quiet{mailboxes, Config{.presence_events = false}};
  quiet.sockets.join("ada", tab);
  EXPECT_TRUE(quiet.presence.online("ada"));
  EXPECT_EQ(mailboxes.told(0), Packets{});
}

TEST_F(DirectoryTest, who_is_online_is_listed_in_order) {
  for (const char* id : {"linus", "ada", "grace"}) directory.sockets.join(id, {0, 1, 1});
  EXPECT_EQ(directory.presence.online_users(), (std::vector<std::string>{"ada", "grace", "linus"}));
}

}  // namespace
}  // namespace signalbox::users
