#include "cluster/socket_search.hpp"

#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace signalbox::cluster::test {
namespace {

/// What was published for other nodes, as "tag?number:pid" and "tag!number:yes".
using Sent = std::vector<std::string>;
constexpr Milliseconds kPatience{200};

struct SocketSearchTest : testing::Test {
  void ask(const std::string& tag, const std::string& pid) {
    search.ask(tag, pid, [this, pid](bool here) { answers[pid].push_back(here); }, now);
  }
  void note(std::string_view tag, const NodePart& part) {
    if (const auto* question = std::get_if<SocketQuestion>(&part))
      sent.push_back(std::string(tag) + "?" + std::to_string(question->number) + ":" + std::string(question->pid));
    if (const auto* answer = std::get_if<SocketAnswer>(&part))
      sent.push_back(std::string(tag) + "!" + std::to_string(answer->number) + (answer->here ? ":yes" : ":no"));
  }
  void pass(Milliseconds time) {
    now += time;
    search.on_timer(now);
  }

  TimePoint now{std::chrono::hours(1)};
  Sent sent;
  std::map<std::string, std::vector<bool>> answers;  ///< by pid
  SocketSearch search{[this](std::string_view tag, const NodePart& part) { note(tag, part); },
                      [](std::string_view pid) { return pid == "lost"; }, kPatience};
};

TEST_F(SocketSearchTest, the_node_that_is_asked_says_whether_it_has_the_socket) {
  search.on_question("nodeB", {.number = 7, .pid = "lost"});
  search.on_question("nodeB", {.number = 8, .pid = "other"});
  EXPECT_EQ(sent, (Sent{"nodeB!7:yes", "nodeB!8:no"}));
}

TEST_F(SocketSearchTest, each_question_gets_its_answer_once) {
  ask("nodeA", "one");
  ask("nodeC", "two");
  EXPECT_EQ(sent, (Sent{"nodeA?1:one", "nodeC?2:two"}));
  search.on_answer("nodeC", {.number = 2, .here = true});
  search.on_answer("nodeA", {.number = 1, .here = false});
  search.on_answer("nodeC", {.number = 2, .here = false});
  pass(kPatience);
  EXPECT_EQ(answers["one"], std::vector{false});
  EXPECT_EQ(answers["two"], std::vector{true});
}

TEST_F(SocketSearchTest, a_node_that_is_silent_has_it_not) {
  ask("nodeA", "one");
  EXPECT_EQ(search.next_deadline(), now + kPatience);
  pass(kPatience - Milliseconds(1));
  EXPECT_TRUE(answers.empty());
  pass(Milliseconds(1));
  EXPECT_EQ(answers["one"], std::vector{false});
  search.on_answer("nodeA", {.number = 1, .here = true});
  EXPECT_EQ(answers["one"].size(), 1u);
  EXPECT_EQ(search.next_deadline(), kNever);
}

TEST_F(SocketSearchTest, nobody_answers_for_a_node_that_is_gone_or_without_a_bus) {
  ask("nodeA", "one");
  ask("nodeC", "two");
  search.on_node_gone("nodeA");
  EXPECT_EQ(answers["one"], std::vector{false});
  EXPECT_FALSE(answers.contains("two"));
  search.on_bus_lost();
  EXPECT_EQ(answers["two"], std::vector{false});
}

// A client may name any node, before any login. To go through all that are asked for each would take half a minute.
TEST_F(SocketSearchTest, very_many_who_name_nodes_that_are_not_there_cost_no_more_than_others) {
  constexpr int kClients = 100'000;
  int given_up = 0;
  const auto begun = Clock::now();
  for (int i = 0; i < kClients; ++i)
    search.ask("node" + std::to_string(i), "pid", [&given_up](bool here) { given_up += !here; }, now);
  for (int i = 0; i < kClients; ++i) search.on_node_gone("node" + std::to_string(i));
  EXPECT_EQ(given_up, kClients);
  EXPECT_LT(Clock::now() - begun, std::chrono::seconds(5));
}

TEST_F(SocketSearchTest, an_answer_of_another_node_is_none) {
  ask("nodeA", "one");
  search.on_answer("nodeC", {.number = 1, .here = true});
  EXPECT_TRUE(answers.empty());
  search.on_bus_lost();
}

}  // namespace
}  // namespace signalbox::cluster::test
