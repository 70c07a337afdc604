#include "cluster/node_channels.hpp"

#include <gtest/gtest.h>

#include "ledger_node.hpp"

namespace signalbox::cluster::test {
namespace {

using Texts = std::vector<std::string>;

// What one node hears of another over Redis.
struct NodeChannelsTest : OverRedis {
  void SetUp() override {
    OverRedis::SetUp();
    if (IsSkipped()) return;
    node = std::make_unique<LedgerNode>(url(), "home");
    ear = std::make_unique<redis::test::LiveClient>(
        url(), redis::ConnectionOptions{.mode = redis::ConnectionOptions::Mode::subscriber});
    EXPECT_EQ(ear->next(), "up");
    for (const std::string& channel : {keys.node("b"), keys.all_nodes()}) {
      ear->subscribe(channel);
      EXPECT_EQ(ear->next(), "confirmed " + channel);
    }
  }
  void add(const std::string& to, std::string_view packet) {
    node->nodes.add(to, RelayedEvent{.user = to.empty() ? "" : "ada", .packet = packet});
  }
  /// The packets of the next so many messages.
  Texts heard(int messages) {
    Texts out;
    for (int i = 0; i < messages; ++i) {
      const std::string told = ear->next();
      const std::string bytes = told.substr(std::min(told.find(": "), told.size() - 2) + 2);
      const auto message = read_node_message(bytes);
      if (!message) return {std::string(message.error())};
      for (const NodePart& part : message->parts) out.emplace_back(std::get<RelayedEvent>(part).packet);
    }
    return out;
  }

  std::unique_ptr<LedgerNode> node;
  std::unique_ptr<redis::test::LiveClient> ear;
};

TEST_F(NodeChannelsTest, what_is_for_one_and_what_is_for_all_is_heard_in_its_order) {
  node->run([&] {
    add("b", "1");
    add("c", "x");
    add("", "2");
    add("", "3");
    add("b", "4");
    add("b", "5");
    add("", "6");
  });
  node->flush();
  EXPECT_EQ(heard(4), (Texts{"1", "2", "3", "4", "5", "6"}));
}

}  // namespace
}  // namespace signalbox::cluster::test
