#include "recovery/numbered_outboxes.hpp"

#include <gtest/gtest.h>

#include <array>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "recovery/recovery_table.hpp"
#include "unit/users/fake_mailboxes.hpp"
#include "users/directory.hpp"

// Two shards whose sockets are of nobody, with lists in place of clients and of the way between the shards.
namespace signalbox::recovery {
namespace {

using namespace std::chrono_literals;
using Texts = std::vector<std::string>;

TimePoint now{1h};

struct Shard final : Connections {
  Shard(std::uint32_t its, RecoveryTable& table, users::Sockets& directory, std::deque<Letter> (&way)[2])
      : number(its),
        mail(way),
        outboxes({.options = {.window = 60s,
                              .broadcasts = 60s,
                              .user_bytes = 10'000,
                              .total_bytes = 100'000,
                              .replay_bytes = 10'000,
                              .now = [] { return now; }},
                  .shard = its,
                  .everywhere = table,
                  .directory = directory,
                  .connections = *this}) {}

  void send(const SocketRef&, const FrameRef& frame) override { sent.emplace_back(frame->packet()); }
  void send_kept(const SocketRef& socket, const FrameRef& frame) override { send(socket, frame); }
  void sent_outcome(const SocketRef&, std::uint64_t) override {}
  void ask_receipt(const SocketRef&, std::uint64_t up_to) override { asked_up_to = up_to; }
  void take_over(const SocketRef& socket) override { outboxes.close(socket, CloseReason::transport_close, now); }
  void answer(const SocketRef&, const FoundSocket* found) override {
    answered = true;
    if (found) missed.emplace();
    if (!found) return;
    for (const History::Event& event : found->missed.events) missed->emplace_back(event.frame->packet());
  }
  void release(const SocketRef& socket) override { released.push_back(socket); }
  bool post(std::uint32_t shard, Letter letter) override {
    mail[shard].push_back(std::move(letter));
    return true;
  }

  SocketFacts socket(std::uint32_t slot) const {
    return {.ref = {.shard = number, .slot = slot}, .id = {}, .user = {}, .nsp = "/"};
  }
  void deliver(std::uint32_t slot, const std::string& packet) {
    Message message = Message::deliver({.shard = number, .slot = slot}, text_frame(packet));
    outboxes.sender.deliver(message);
  }

  std::uint32_t number;
  std::deque<Letter> (&mail)[2];
  NumberedOutboxes outboxes;
  Texts sent;
  bool answered = false;
  std::optional<Texts> missed;  ///< nothing: no socket was found
  std::vector<SocketRef> released;
  std::uint64_t asked_up_to = 0;
};

struct NumberedOutboxesTest : testing::Test {
  void deliver_mail() {
    while (!mail[0].empty() || !mail[1].empty()) {
      for (Shard* shard : {&first, &second}) {
        if (mail[shard->number].empty()) continue;
        Letter letter = std::move(mail[shard->number].front());
        mail[shard->number].pop_front();
        shard->outboxes.on_letter(std::move(letter));
      }
    }
  }
  std::string offset(int shard, int number) const {
    return table.run() + '.' + std::to_string(shard) + '.' + std::to_string(number);
  }
  std::string event(const std::string& name, int shard, int number) const {
    return "42[\"" + name + "\",\"" + offset(shard, number) + "\"]";
  }
  static constexpr SocketRef kSlot0{};

  users::test::FakeMailboxes mailboxes{2};
  users::Directory directory{mailboxes, {}};
  RecoveryTable table;
  std::deque<Letter> mail[2];
  Shard first{0, table, directory.sockets, mail}, second{1, table, directory.sockets, mail};
};

TEST_F(NumberedOutboxesTest, say_what_they_send_with_offsets_that_rise) {
  first.outboxes.open(first.socket(0), nullptr, 0);
  first.deliver(0, R"(42["a"])");
  first.outboxes.sender.emit(kSlot0, text_frame(R"(42["b"])"), {});
  EXPECT_EQ(first.sent, (Texts{event("a", 0, 1), event("b", 0, 2)}));
}

TEST_F(NumberedOutboxesTest, ask_for_a_receipt_after_a_while_and_forget_what_was_received) {
  first.outboxes.open(first.socket(0), nullptr, 0);
  first.deliver(0, R"(42["a"])");
  EXPECT_GT(first.outboxes.bytes(), 0u);
  now += 5s;
  first.outboxes.on_timer(now);
  EXPECT_EQ(first.asked_up_to, 1u);
  first.outboxes.sender.received(kSlot0, 1);
  EXPECT_EQ(first.outboxes.bytes(), 0u);
}

TEST_F(NumberedOutboxesTest, move_to_the_shard_where_their_client_lands_with_what_it_missed) {
  const std::string pid = first.outboxes.open(first.socket(0), nullptr, 0);
  first.deliver(0, R"(42["had"])");
  first.outboxes.close(kSlot0, CloseReason::transport_close, now);
  first.deliver(0, R"(42["missed"])");
  EXPECT_EQ(first.sent.size(), 1u);

  EXPECT_TRUE(second.outboxes.claims.claim(second.socket(3), {.pid = pid, .offset = offset(0, 1)}));
  deliver_mail();
  EXPECT_EQ(second.missed, Texts{event("missed", 0, 2)});
  EXPECT_EQ(first.released, std::vector<SocketRef>{kSlot0});
  second.deliver(3, R"(42["next"])");
  EXPECT_EQ(second.sent, Texts{event("next", 1, 3)}) << "numbers rise on a socket, whatever shard gives them";
}

TEST_F(NumberedOutboxesTest, end_the_old_connection_of_a_client_that_comes_over_another) {
  const std::string pid = first.outboxes.open(first.socket(0), nullptr, 0);
  EXPECT_TRUE(second.outboxes.claims.claim(second.socket(0), {.pid = pid, .offset = {}}));
  deliver_mail();
  EXPECT_EQ(second.missed, Texts{});
  EXPECT_EQ(first.released, std::vector<SocketRef>{kSlot0});
}

TEST_F(NumberedOutboxesTest, are_not_found_after_the_window_nor_after_a_goodbye) {
  const std::string late = first.outboxes.open(first.socket(0), nullptr, 0);
  const std::string gone = first.outboxes.open(first.socket(1), nullptr, 0);
  first.outboxes.close(kSlot0, CloseReason::transport_close, now);
  first.outboxes.close({.slot = 1}, CloseReason::client_namespace_disconnect, now);
  EXPECT_FALSE(second.outboxes.claims.claim(second.socket(1), {.pid = gone, .offset = {}}));
  EXPECT_TRUE(second.outboxes.claims.claim(second.socket(0), {.pid = late, .offset = {}}));
  now += 60s;
  deliver_mail();
  EXPECT_TRUE(second.answered);
  EXPECT_FALSE(second.missed) << "it is a new socket";
  EXPECT_EQ(first.released.size(), 2u);
}

}  // namespace
}  // namespace signalbox::recovery
