#include "cluster/shared_receipts.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "ledger_node.hpp"

namespace signalbox::cluster::test {
namespace {

using namespace std::chrono_literals;
using Texts = std::vector<std::string>;

struct SharedReceiptsTest : TwoNodes {};

TEST_F(SharedReceiptsTest, a_receipt_on_one_node_is_told_to_the_index_and_to_who_holds_the_outcome) {
  redis::test::LiveClient hearing(url(), {.mode = redis::ConnectionOptions::Mode::subscriber});
  EXPECT_EQ(hearing.next(), "up");
  const std::string channel = keys.node("home-a");
  hearing.subscribe(channel);
  EXPECT_EQ(hearing.next(), "confirmed " + channel);
  a->emit("ada", LedgerNode::outcome("1"));
  b->login("ada");
  b->run([&] {
    b->here.insert("ada");
    b->ledger.prepare("ada", [] {});
  });
  b->ping();
  b->receive("ada");
  b->flush();
  const std::string payload = hearing.next().substr(channel.size() + 2);
  const auto message = read_node_message(payload);
  ASSERT_TRUE(message);
  const auto receipt = std::get<RelayedReceipt>(message->parts.at(0));
  EXPECT_EQ(receipt.user, "ada");
  EXPECT_EQ(receipt.row, 1u);
  a->wait_until([&] { return a->directory.ledger.job("ada", "1")->received; });
  EXPECT_EQ(a->noted("received"), Texts{"received ada 1"});
  EXPECT_EQ(a->login("ada"), Texts{"1 received"});
  // Had that message been lost, the next offer would have been answered.
  EXPECT_EQ(b->noted("received"), Texts{});
}

TEST_F(SharedReceiptsTest, who_offers_again_hears_what_was_received_meanwhile) {
  a->emit("ada", LedgerNode::outcome("1"));
  b->run([&] {
    b->here.insert("ada");
    b->ledger.prepare("ada", [] {});
  });
  b->ping();
  b->receive("ada");
  a->run([&] { a->ledger.on_lost(), a->ledger.on_connected(); });
  a->wait_until(
      [&] { return !a->directory.ledger.unread_of_this_node(users::Stripes::number_of(HashedText("ada"))).size(); });
  EXPECT_EQ(a->noted("received"), Texts{"received ada 1"});
  EXPECT_EQ(a->relayed, Texts{});
}

TEST_F(SharedReceiptsTest, a_receipt_is_owed_on_the_disk_until_its_home_has_it_on_its_own) {
  a->emit("ada", LedgerNode::outcome("1"));
  b->come("ada");
  b->receive("ada");
  EXPECT_EQ(b->noted("owe"), Texts{"owe home-a 1 of ada"});
  b->flush();
  a->wait_until([&] { return a->directory.ledger.job("ada", "1")->received; });
  a->flush();
  EXPECT_EQ(b->noted("paid"), Texts{}) << "it is not on the disk there";
  a->later(2s);
  a->flush();
  b->wait_until([&] { return !b->ledger.was_received({"home-a", 1}); });
  EXPECT_EQ(b->noted("paid"), Texts{"paid home-a 1"});
}

TEST_F(SharedReceiptsTest, a_receipt_that_was_lost_is_told_again_and_so_is_one_of_an_earlier_process) {
  a->emit("ada", LedgerNode::outcome("1"));
  a->emit("ada", LedgerNode::outcome("2"));
  a->ear.deaf = true;
  b->come("ada");
  b->receive("ada");
  b->flush();
  a->wait_until([&] { return a->ear.receipts_missed == 2; });
  b = std::make_unique<LedgerNode>(
      url(), "home-b",
      LedgerNode::Start{.owed = {{.home = "home-a", .row = 1, .user = "ada", .at = coarse_unix_ms()}}});
  EXPECT_EQ(b->noted("paid"), Texts{});
  a->ear.deaf = false;
  b->flush();
  a->wait_until([&] { return a->directory.ledger.job("ada", "1")->received; });
  EXPECT_FALSE(a->run([&] { return a->directory.ledger.job("ada", "2")->received; })) << "this process knows of one";
  b->run([&] { b->ledger.on_timer(b->thread.loop().now()); });
  b->later(61s);
  b->flush();
  a->later(2s);
  a->flush();
  b->wait_until([&] { return !b->ledger.was_received({"home-a", 1}); });
}

TEST_F(SharedReceiptsTest,
       what_was_received_here_is_not_told_again_when_Redis_has_lost_its_memory_and_its_home_heard_nothing) {
  a->emit("ada", LedgerNode::outcome("1"));
  a->ear.deaf = true;
  b->come("ada");
  b->receive("ada");
  b->flush();
  b->run([&] { b->leave("ada"); });
  ask({"FLUSHALL"});
  a->run([&] { a->ledger.look_at_epoch(); });
  a->wait_until([&] { return a->relayed.size() == 1; });
  EXPECT_EQ(packets(), "1") << "it is offered again";
  EXPECT_EQ(b->login("ada"), Texts{"1 received"});
  EXPECT_TRUE(b->run([&] { return b->ledger.was_received({"home-a", 1}); })) << "nor is it, where it is relayed";
  a->ear.deaf = false;
  b->run([&] { b->ledger.look_at_epoch(); });
  b->ping();
  b->flush();
  a->wait_until([&] { return a->directory.ledger.job("ada", "1")->received; });
  LedgerNode c(url(), "home-c");
  EXPECT_EQ(c.login("ada"), Texts{"1 received"});
}

TEST_F(SharedReceiptsTest, receipts_that_Redis_does_not_take_are_on_the_disk_until_it_does) {
  a->emit("ada", LedgerNode::outcome("1"));
  ask({"ACL", "SETUSER", "default", "-evalsha"});
  a->receive("ada");
  EXPECT_EQ(a->noted("owe"), Texts{"owe home-a 1 of ada"});
  ask({"ACL", "SETUSER", "default", "+evalsha"});
  EXPECT_EQ(b->login("ada"), Texts{"1"});
  a->run([&] { a->ledger.look_at_epoch(); });
  a->wait_until([&] { return !a->ledger.was_received({"home-a", 1}); });
  EXPECT_EQ(a->noted("paid"), Texts{"paid home-a 1"});
  EXPECT_EQ(b->login("ada"), Texts{"1 received"});
}

TEST_F(SharedReceiptsTest, receipts_that_Redis_missed_are_told_when_it_is_back) {
  a->emit("ada", LedgerNode::outcome("1"));
  server->kill();
  a->wait_until([&] { return !a->client.is_up(); });
  a->run([&] { a->directory.ledger.confirm("ada", {0, 100}); });
  server->start();
  a->wait_until([&] { return a->connections == 2; });
  a->ping();
  EXPECT_EQ(b->noted("received"), Texts{});
  redis::test::LiveClient again(url());
  EXPECT_EQ(again.next(), "up");
  EXPECT_EQ(again.ask({"ZCARD", keys.jobs_of("ada").over}), "1");
}

TEST_F(SharedReceiptsTest, a_node_without_a_disk_is_told_once_for_none_will_come_in_its_place) {
  LedgerNode gone(url(), "tag" + std::string(OutcomeName::kInMemory));
  gone.emit("ada", LedgerNode::outcome("1"));
  b->come("ada");
  b->receive("ada");
  EXPECT_EQ(b->noted("owe"), Texts{});
  gone.run([&] { gone.ledger.on_lost(), gone.ledger.on_connected(); });
  gone.wait_until([&] {
    return std::ranges::any_of(gone.disk.notes, [](const std::string& note) { return note.starts_with("received"); });
  });
}

}  // namespace
}  // namespace signalbox::cluster::test
