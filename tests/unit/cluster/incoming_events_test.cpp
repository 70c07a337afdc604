// An outcome that another node relays to this one.
#include "cluster/incoming_events.hpp"

#include <gtest/gtest.h>

#include "ledger_node.hpp"
#include "subscriber_model.hpp"

namespace signalbox::cluster::test {
namespace {

/// An index that answers nobody.
struct SilentIndex final : PresenceScripts {
  void tell(unsigned, const std::string&, const std::vector<UserState>&, Done) override {}
  void reap(unsigned, const std::string&, On<bool>) override {}
  void count(unsigned, const std::string&, On<std::size_t>) override {}
  void members(unsigned, const std::string&, std::function<void(std::vector<std::string>)>) override {}
  void enter(const std::string&, const std::string&, On<bool>) override {}
  void beat(const std::string&, On<bool>) override {}
  void end_lease(const std::string&) override {}
  void sweep(On<std::vector<std::string>>) override {}
  void bury(const std::string&) override {}
  void bury_unknown(const std::vector<std::string>&) override {}
  void forget(const std::string&) override {}
};

struct IncomingEventsTest : TwoNodes, Replica::Observer {
  void on_presence(const std::string&, bool) override {}
  void on_elsewhere(const std::string&, const NodeStates&) override {}
  void wants_snapshot(unsigned) override {}

  SilentIndex silent;
  Replica replica{1, *this};
  PresenceNode node{
      1,
      silent,
      replica,
      {.make_id = [] { return "n1"; }, .listen = [](const std::string&, const PresenceNode::Heard&) {}, .about = "{}"},
      NodeTimes{}};
  SubscriberModel subscriber;
  const Channels channels{"socket.io"};
  Guests guests{{.here = [](std::string_view) { return users::Sockets::Here{.online = true, .connected = 1}; },
                 .ready = [](const LoginBegun&) {},
                 .gone = [](const std::string&) {},
                 .unheard = [](const redis::Error&) {},
                 .back = [](const std::string&) {},
                 .later = [](const std::string&) {}},
                node,
                subscriber,
                channels,
                true};
};

TEST_F(IncomingEventsTest, an_outcome_for_which_a_shard_has_no_room_is_told_to_who_is_here_later) {
  b->come("ada");
  const users::User* const ada = b->run([&] { return b->directory.sockets.join("ada", b->tab).user; });
  a->emit("ada", LedgerNode::outcome("1"));
  users::Emitter emitter(b->directory);
  IncomingEvents incoming(b->directory, emitter, guests, b->counts, 8);
  b->run([&] {
    incoming.set_ledger(b->ledger);
    guests.changed("ada", TimePoint{});
    b->mailboxes.full = true;
    const FrameRef event = LedgerNode::outcome("1").frame;
    incoming.take({.user = "ada",
                   .kind = FrameKind::outcome,
                   .packet = event->packet(),
                   .job_id = event->name(),
                   .home = "home-a",
                   .row = 1});
    b->mailboxes.full = false;
    EXPECT_FALSE(b->directory.ledger.job("ada", "1"));
    b->ledger.look_at_epoch();
  });
  b->wait_until([&] { return b->directory.ledger.job("ada", "1").has_value(); });
  EXPECT_EQ(b->run([&] { return std::ranges::count(b->mailboxes.boxes[0], Message::Kind::deliver, &Message::kind); }),
            1);
  b->run([&] { b->directory.sockets.leave(ada, b->tab, TimePoint{}); });
}

}  // namespace
}  // namespace signalbox::cluster::test
