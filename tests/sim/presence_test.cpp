// Who comes and who goes, told to clients that read and to one that does not.
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "server_world.hpp"

namespace signalbox::server::test {
namespace {

struct PresenceOfACrowd : testing::Test {
  static constexpr std::size_t kCrowd = 40'000;

  /// Straight to the directory: users of whom nothing else comes.
  void comes(std::size_t i) {
    world.directory.sockets.join(name(i), {.shard = 0, .slot = 9999});
    if (i % 1000 == 0) world.turn();
  }
  static std::string name(std::size_t i) { return "user-" + std::to_string(i); }
  static std::string online(std::size_t i) { return R"(42["user_online",{"userId":")" + name(i) + "\"}]"; }
  std::unique_ptr<Browser> arrive(const std::string& user) {
    auto browser = std::make_unique<Browser>(world, user);
    browser->login();
    world.turn();
    browser->heard();
    return browser;
  }

  ServerWorld world;
};

TEST_F(PresenceOfACrowd, waits_for_a_client_that_does_not_read_and_is_heard_whole_when_it_does) {
  const auto slow = arrive("slow"), quick = arrive("quick");
  slow->heard();
  slow->socket()->room = 0;
  std::vector<std::string> heard, heard_slowly, expected;
  const auto hear = [](Browser& browser, std::vector<std::string>& out) {
    for (std::string& packet : browser.heard()) out.push_back(std::move(packet));
  };
  for (std::size_t i = 0; i < kCrowd; ++i) {
    comes(i);
    expected.push_back(online(i));
    if (i % 1000 == 0) hear(*quick, heard);
  }
  for (int i = 0; i < 1000 && heard.size() < kCrowd; ++i) {
    world.turn();
    hear(*quick, heard);
  }
  EXPECT_TRUE(heard == expected) << heard.size() << " of " << kCrowd;
  ASSERT_FALSE(slow->gone()) << "it is not closed for what others do";
  for (int i = 0; i < 1000 && heard_slowly.size() < kCrowd && !slow->gone(); ++i) {
    slow->socket()->room = 50'000;
    world.pass(Milliseconds(10));
    hear(*slow, heard_slowly);
  }
  EXPECT_TRUE(heard_slowly == expected) << heard_slowly.size() << " of " << kCrowd;
}

}  // namespace
}  // namespace signalbox::server::test
