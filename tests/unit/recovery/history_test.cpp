#include "recovery/socket_history.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

namespace signalbox::recovery {
namespace {

using namespace std::chrono_literals;
using NumberList = std::vector<std::uint64_t>;

struct HistoryTest : testing::Test {
  History::Event event(std::uint64_t number, std::uint64_t outcome = 0) {
    return {
        .frame = make_frame(false, FrameKind::event, {}, std::string(100, 'x')), .number = number, .outcome = outcome};
  }
  /// One that is not for the sockets of `user`.
  void broadcast(std::uint64_t number, std::string_view user = {}, std::uint64_t sequence = 0) {
    const FrameRef source = make_frame(false, FrameKind::user_online, user, std::string(100, 'x'));
    newest = sequence == 0 ? number : sequence;
    const Audience to =
        user.empty() ? Audience::all() : Audience::all_but(text_frame("", FrameKind::user_online, user));
    history.add_broadcast(source, to, newest, number, now);
  }
  static NumberList numbers(const SocketHistory::Missed& missed) {
    NumberList out;
    for (const auto& one : missed.events) out.push_back(one.number);
    return out;
  }
  /// What `line` missed after a number, its own events and then the broadcasts.
  NumberList missed(const SocketHistory& line, std::uint64_t number, std::string_view user = "ada") {
    const auto own = line.after(number);
    NumberList out = numbers(own);
    for (const auto& one : history.broadcasts_after(own.heard, user, line.newest(), offsets)) out.push_back(one.number);
    return out;
  }
  /// New numbers begin at 100.
  struct FakeOffsets final : Offsets {
    explicit FakeOffsets(HistoryTest& its) : test(its) {}
    std::uint64_t sent_to(std::uint32_t) const override { return 0; }
    std::uint64_t number_from(std::uint64_t sequence) override {
      const std::uint64_t first = next;
      next += test.newest + 1 - sequence;
      test.history.number_broadcasts({.number = first, .sequence = sequence, .count = next - first});
      return first;
    }
    FrameRef with_offset(const FrameRef& source, std::uint64_t) const override { return source; }
    void told(std::uint32_t, std::uint64_t, std::uint64_t) override {}
    HistoryTest& test;
    std::uint64_t next = 100;
  } offsets{*this};
  std::uint64_t newest = 0;  ///< broadcast
  /// What of ten events fits in the bounds below.
  History history{{.user_bytes = 2000, .total_bytes = 6000, .broadcasts = 60s}};
  TimePoint now{1h};
};

TEST_F(HistoryTest, has_what_came_after_a_number_in_order) {
  SocketHistory line(history, "ada");
  for (const int number : {2, 5, 6}) line.add(event(number));
  EXPECT_EQ(numbers(line.after(2)), (NumberList{5, 6}));
  EXPECT_EQ(numbers(line.after(0)), (NumberList{2, 5, 6}));
  EXPECT_EQ(numbers(line.after(6)), NumberList{});
  EXPECT_TRUE(line.whole_after(0));
}

TEST_F(HistoryTest, broadcasts_are_kept_once_for_each_who_listens) {
  SocketHistory ada(history, "ada"), bob(history, "bob");
  ada.listen(0, 0);
  const std::size_t before = history.bytes();
  broadcast(1);
  broadcast(3, "ada");
  bob.listen(3, 3);
  const std::size_t both = history.bytes() - before;
  ada.told(3, 1);
  ada.add(event(4));
  broadcast(5, {}, 4);
  EXPECT_LT(both, 1000u);
  EXPECT_EQ(missed(ada, 4), NumberList{5});
  EXPECT_EQ(missed(ada, 1), (NumberList{4, 5}));
  EXPECT_EQ(missed(bob, 0, "bob"), NumberList{5}) << "he listens since 3";
  EXPECT_EQ(missed(ada, 0), (NumberList{4, 100, 103})) << "they come behind her event, and 3 is not for her";
}

TEST_F(HistoryTest, knows_which_broadcasts_a_client_has_had_by_whatever_it_shows) {
  SocketHistory ada(history, "ada");
  ada.listen(0, 0);
  for (const int number : {1, 2, 3, 4}) broadcast(number);
  ada.told(1, 1);
  ada.add(event(5));                        // before she was told of the others
  ada.told(3, offsets.number_from(2) + 1);  // 100 to 102
  ada.add(event(110));
  offsets.next = 111;
  ada.told(4, offsets.number_from(4));
  const auto heard = [&](std::uint64_t number) { return ada.after(number).heard; };
  EXPECT_EQ(heard(0), 0u);
  EXPECT_EQ(heard(1), 1u);
  EXPECT_EQ(heard(5), 1u);
  EXPECT_EQ(heard(100), 2u);
  EXPECT_EQ(heard(101), 3u);
  EXPECT_EQ(heard(110), 3u);
  EXPECT_EQ(heard(111), 4u);
  ada.received(110);
  EXPECT_EQ(heard(110), 3u);
  EXPECT_EQ(heard(111), 4u);
}

TEST_F(HistoryTest, who_came_from_another_shard_is_not_told_again_what_was_heard_there) {
  SocketHistory ada(history, "ada");
  ada.listen(10, 7);
  broadcast(11, {}, 7);
  broadcast(12, {}, 8);
  EXPECT_EQ(missed(ada, 0), NumberList{12});
}

TEST_F(HistoryTest, what_was_had_goes_and_the_newest_of_its_outcomes_is_known) {
  SocketHistory line(history, "ada");
  line.add(event(1, 30));
  line.add(event(2, 31));
  line.add(event(3, 32));
  line.received(2);
  EXPECT_TRUE(line.whole_after(2));
  EXPECT_FALSE(line.whole_after(1));
  EXPECT_EQ(line.after(2).outcome, 31u);
  EXPECT_EQ(line.after(3).outcome, 32u);
  line.received(3);
  EXPECT_EQ(line.bytes(), 0u);
  EXPECT_TRUE(line.whole_after(3)) << "who missed nothing has its place still";
}

TEST_F(HistoryTest, past_a_users_bound_the_oldest_of_all_their_sockets_go) {
  SocketHistory tab(history, "ada"), phone(history, "ada"), other(history, "bob");
  other.add(event(1));
  phone.add(event(2));
  for (int number = 3; number < 20; ++number) tab.add(event(number));
  EXPECT_LE(tab.bytes() + phone.bytes(), 2000u);
  EXPECT_GT(tab.bytes(), 1500u);
  EXPECT_TRUE(phone.empty());
  EXPECT_FALSE(phone.whole_after(1)) << "it needed that one";
  EXPECT_TRUE(phone.whole_after(2)) << "it missed nothing";
  EXPECT_FALSE(tab.whole_after(3));
  EXPECT_TRUE(tab.whole_after(18));
  EXPECT_TRUE(other.whole_after(0)) << "another's are not touched";
}

TEST_F(HistoryTest, past_the_total_the_oldest_of_all_go_broadcasts_among_them) {
  std::vector<std::unique_ptr<SocketHistory>> lines;
  for (int i = 0; i < 30; ++i) lines.push_back(std::make_unique<SocketHistory>(history, "user" + std::to_string(i)));
  lines[0]->listen(0, 0);
  lines[0]->add(event(1));
  broadcast(2);
  lines[0]->told(2, 2);
  for (int number = 3; number < 60; ++number) lines[number % 29 + 1]->add(event(number));
  EXPECT_LE(history.bytes(), 6000u);
  EXPECT_GT(history.bytes(), 5000u);
  EXPECT_FALSE(lines[0]->whole_after(0));
  EXPECT_FALSE(lines[0]->whole_after(1)) << "the broadcast has gone as well";
  EXPECT_TRUE(lines[0]->whole_after(2)) << "it missed nothing";
  EXPECT_TRUE(lines[58 % 29 + 1]->whole_after(57));
}

TEST_F(HistoryTest, broadcasts_go_when_nobody_can_have_missed_them_any_more) {
  broadcast(1);
  now += 61s;
  broadcast(2);
  EXPECT_FALSE(history.has_broadcasts_after(0));
  EXPECT_TRUE(history.has_broadcasts_after(1));
  EXPECT_EQ(history.broadcasts_after(1, "ada", 1, offsets).size(), 1u);
}

TEST_F(HistoryTest, broadcasts_go_by_the_clock_though_no_other_comes) {
  EXPECT_EQ(history.broadcasts_end(), kNever);
  broadcast(1);
  now += 30s;
  broadcast(2);
  EXPECT_EQ(history.broadcasts_end(), now + 30s);
  history.drop_broadcasts(now + 30s);
  EXPECT_TRUE(history.has_broadcasts_after(0));
  history.drop_broadcasts(now + 31s);
  EXPECT_FALSE(history.has_broadcasts_after(0));
  EXPECT_TRUE(history.has_broadcasts_after(1));
  history.drop_broadcasts(now + 61s);
  EXPECT_EQ(history.broadcasts_end(), kNever);
}

TEST_F(HistoryTest, an_event_goes_with_its_attachments) {
  SocketHistory line(history, "ada");
  line.add(event(1));
  line.add(event(1));
  line.add(event(2));
  EXPECT_EQ(numbers(line.after(0)), (NumberList{1, 1, 2}));
  for (int number = 3; number < 12; ++number) line.add(event(number));
  const NumberList left = numbers(line.after(11 - 1));
  EXPECT_EQ(left, NumberList{11});
  EXPECT_FALSE(line.whole_after(0));
}

TEST_F(HistoryTest, what_a_gone_socket_takes_counts_too) {
  std::optional<SocketHistory> line(std::in_place, history, "ada");
  for (int number = 1; number < 12; ++number) line->add(event(number));
  EXPECT_TRUE(line->hold(1500)) << "events make room";
  EXPECT_LE(line->bytes(), 500u);
  SocketHistory second(history, "ada");
  EXPECT_FALSE(second.hold(1500));
  line.reset();
  EXPECT_TRUE(second.hold(1500));
  EXPECT_EQ(history.bytes(), 1500u);
}

}  // namespace
}  // namespace signalbox::recovery
