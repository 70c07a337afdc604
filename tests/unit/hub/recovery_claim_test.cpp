// How a client finds its socket again: from any shard, at any moment, and with whatever offset.
#include <gtest/gtest.h>

#include <set>

#include "recovering_client.hpp"

namespace signalbox::hub::test {
namespace {

struct RecoveryClaim : RecoveryWorld {};

TEST_F(RecoveryClaim, works_on_whatever_shard_the_client_lands_and_offsets_rise) {
  start();
  Recovering ada(hub, "ada");
  ada.connect(0);
  int next = 0;
  Packets expected = kAuthenticated;
  for (const unsigned shard : {1u, 1u, 0u, 1u, 0u, 0u}) {
    for (int i = 0; i < 5; ++i) {
      emit("ada", ++next);
      expected.push_back("42[\"n\"," + std::to_string(next) + ']');
      if (i == 1) ada.hear();
      if (i == 3) ada.cut();
    }
    ada.connect(shard);
    expected = expected + kAuthenticated;
    EXPECT_TRUE(ada.recovered);
  }
  EXPECT_EQ(ada.take(), expected);
  EXPECT_EQ(std::set<std::string>(ada.offsets.begin(), ada.offsets.end()).size(), ada.offsets.size());
  std::uint64_t last = 0;
  for (const std::string& offset : ada.offsets) {
    const std::uint64_t number = std::stoull(offset.substr(offset.rfind('.') + 1));
    EXPECT_GT(number, last);
    last = number;
  }
}

TEST_F(RecoveryClaim, what_is_emitted_while_a_socket_moves_to_another_shard_comes_once_and_in_order) {
  start();
  for (int turns = 0; turns < 6; ++turns) {
    Recovering ada(hub, "ada");
    ada.connect(0);
    ada.cut();
    // The steps of the hand-over one by one, with an event before each, on either side of its mailboxes.
    FakeClient back(hub, 1);
    back.text(ada.connect_packet());
    int next = 0;
    for (int step = 0; step < 12; ++step) {
      if (step == turns || step == turns + 2)
        static_cast<void>(hub.directory.emit("ada", *users::checked_event_frame("n", std::to_string(++next))));
      const unsigned shard = static_cast<unsigned>((step + turns) % 2);
      hub.deliver_one(shard);
    }
    static_cast<void>(hub.directory.emit("ada", *users::checked_event_frame("n", std::to_string(++next))));
    hub.deliver();
    Packets heard;
    for (const std::string& packet : back.sent) {
      if (packet.starts_with("42[\"n\"")) heard.push_back(Told(packet).event);
    }
    EXPECT_EQ(heard, events_of({1, 2, 3})) << "turns " << turns;
  }
}

TEST_F(RecoveryClaim, what_a_handler_emits_as_the_socket_comes_back_is_behind_what_was_emitted_before) {
  // As a shard does whose mailbox is empty: what its own thread emits is delivered at once.
  const auto emit_at_once = [this](int value) {
    ASSERT_TRUE(hub.directory.emit("ada", *users::checked_event_frame("n", std::to_string(value))));
    Message message = std::move(hub.mailboxes.boxes[1].back());
    hub.mailboxes.boxes[1].pop_back();
    hub.locals[1]->on_message(message);
  };
  hub.events().on_connect([&](Socket& socket) {
    if (socket.recovered()) emit_at_once(2);
  });
  start();
  Recovering ada(hub, "ada");
  ada.connect(0);
  ada.take();
  ada.cut();
  hub.deliver();
  FakeClient back(hub, 1);
  back.text(ada.connect_packet());
  hub.deliver_one(0);  // the old place lets go, and what is emitted goes to the new one
  ASSERT_TRUE(hub.directory.emit("ada", *users::checked_event_frame("n", "1")));
  hub.deliver();
  Packets heard;
  for (const std::string& packet : back.sent) heard.push_back(Told(packet).event);
  heard.erase(heard.begin());  // its answer
  EXPECT_EQ(heard, kAuthenticated + events_of({1, 2}));
}

TEST_F(RecoveryClaim, is_good_for_any_number_of_cuts_with_nothing_between_them) {
  start();
  Recovering ada(hub, "ada");
  ada.connect();
  emit("ada", 1);
  emit("ada", 2);
  ada.take();
  ada.connection().sent.clear();
  const std::string had = ada.offset;
  for (unsigned i = 0; i < 200; ++i) {
    ada.cut();
    ada.take();
    ada.offset = had;  // nothing came through
    ada.offsets.clear();
    ada.connect(i % 2);
    ASSERT_TRUE(ada.recovered) << i;
  }
  EXPECT_EQ(Packets(ada.heard.begin(), ada.heard.begin() + 2), events_of({1, 2}));
  ada.offset = ada.offsets[0];  // the first came through at last
  ada.cut();
  ada.take();
  ada.connect(1);
  EXPECT_TRUE(ada.recovered);
  EXPECT_EQ(ada.heard[0], events_of({2})[0]);
}

TEST_F(RecoveryClaim, of_who_got_nothing_yet_brings_everything) {
  start();
  Recovering ada(hub, "ada");
  ada.connect();
  ada.offset.clear();
  ada.take();
  emit("ada", 1);
  ada.cut();
  ada.connect();
  EXPECT_TRUE(ada.recovered);
  EXPECT_EQ(ada.take(), kAuthenticated + events_of({1}) + kAuthenticated);
}

TEST_F(RecoveryClaim, an_offset_of_an_earlier_login_means_nothing_was_had_of_this_one) {
  start();
  Recovering ada(hub, "ada"), other(hub, "other");
  ada.connect(1);
  for (int i = 0; i < 50; ++i) emit("ada", i);
  ada.hear();
  const std::string old = ada.offset;
  ada.connection().text("1");  // 41: a login from the start follows
  ada.pid.clear();
  for (const unsigned shard : {0u, 1u}) {
    ada.connect(shard);
    ada.take();
    ada.offset = old;
    ada.cut();
    emit("ada", 100);
    ada.connect(1 - shard);
    EXPECT_TRUE(ada.recovered);
    EXPECT_EQ(ada.take(), kAuthenticated + events_of({100}) + kAuthenticated);
    ada.connection().text("1");
    ada.pid.clear();
  }
}

TEST_F(RecoveryClaim, an_old_connection_that_is_still_open_is_taken_over_and_its_end_is_nothing) {
  std::vector<std::string> ends;
  hub.events().on_disconnect([&](Socket& socket, std::string_view reason) {
    ends.push_back(std::string(socket.user_id()) + ' ' + std::string(reason));
  });
  start();
  for (const unsigned shard : {0u, 1u}) {
    Recovering ada(hub, "ada");
    ada.connect(0);
    ada.take();
    emit("ada", 1);
    ada.connection().sent.clear();  // half-open: nothing arrives any more
    ends.clear();
    ada.connect(shard);
    EXPECT_TRUE(ada.recovered);
    EXPECT_EQ(ada.take(), events_of({1}) + kAuthenticated);
    EXPECT_EQ(ends, std::vector<std::string>{"ada transport close"});
    EXPECT_EQ(ada.connection(1).closed, CloseReason::transport_close);
    EXPECT_EQ(hub.directory.sockets.connections("ada"), 1u);
    emit("ada", 2);
    ada.hear();
    EXPECT_EQ(ada.take(), events_of({2}));
    ada.connection().text("1");
  }
}

TEST_F(RecoveryClaim, handlers_may_end_what_else_is_on_a_connection_that_is_taken_over) {
  std::vector<SocketHandle> others;
  Packets left;
  hub.events("/admin").on_connect([&](Socket& socket) { others.push_back(socket.handle()); });
  hub.events().on_disconnect([&](Socket&, std::string_view) {
    for (const SocketHandle& other : others) other.disconnect();
  });
  hub.events().on_disconnect([&](Socket& socket, std::string_view) { left.emplace_back(socket.id()); });
  start();
  Recovering ada(hub, "ada");
  ada.connect();
  ada.connection().log_in("ada", "/admin,");
  hub.deliver();
  ASSERT_EQ(others.size(), 1u);
  ada.connect(1);
  EXPECT_TRUE(ada.recovered);
  EXPECT_EQ(left, Packets{ada.sid});
  EXPECT_TRUE(ada.connection(1).closed);
}

TEST_F(RecoveryClaim, of_two_that_come_with_one_pid_the_later_has_it) {
  start();
  Recovering ada(hub, "ada");
  ada.connect(0);
  ada.cut();
  const std::string payload = ada.connect_packet();
  FakeClient first(hub, 1), second(hub, 0), third(hub, 1);
  first.text(payload);
  first.close(CloseReason::transport_close, test_now);  // cut again at once
  second.text(payload);
  third.text(payload);
  emit("ada", 1);
  EXPECT_EQ(second.sent.at(0).find(ada.pid), std::string::npos) << "a new socket";
  EXPECT_NE(third.sent.at(0).find(ada.pid), std::string::npos);
  EXPECT_EQ(Told(third.sent.at(1)).event, events_of({1})[0]);
  EXPECT_EQ(third.sent.size(), 3u);
  EXPECT_EQ(hub.directory.sockets.connections("ada"), 2u);
}

TEST_F(RecoveryClaim, a_second_cut_before_the_answer_is_recovered_as_well) {
  start();
  Recovering ada(hub, "ada");
  ada.connect(0);
  ada.take();
  ada.cut();
  emit("ada", 1);
  FakeClient lost(hub, 1);
  lost.text(ada.connect_packet());
  lost.close(CloseReason::transport_error, test_now);
  emit("ada", 2);
  ada.connect(0);
  EXPECT_TRUE(ada.recovered);
  EXPECT_EQ(ada.take(), events_of({1, 2}) + kAuthenticated);
}

}  // namespace
}  // namespace signalbox::hub::test
