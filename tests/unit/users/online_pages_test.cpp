#include "users/online_pages.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "fake_mailboxes.hpp"

namespace signalbox::users::test {
namespace {

using Users = std::vector<std::string>;

struct OnlinePagesTest : testing::Test {
  void join(const std::string& user) { joined[user] = directory.sockets.join(user, tab).user; }
  void leave(const std::string& user) {
    directory.sockets.leave(joined.at(user), tab, test_now);
    directory.on_timer(test_now);
  }
  void join_many(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) join("u" + std::to_string(i));
  }
  /// What is answered is in `answers`, in the order of the answers.
  void ask(std::string after = {}, std::size_t limit = 1000) {
    pages.ask(0, std::move(after), limit, [this](const Users& users) { answers.push_back(users); });
  }
  /// The next task of the shard; false: there is none.
  bool task() {
    auto& box = mailboxes.boxes[0];
    if (box.empty()) return false;
    const Message message = std::move(box.front());
    box.pop_front();
    message.rest->task();
    return true;
  }
  std::size_t all_tasks() {
    std::size_t count = 0;
    while (task()) ++count;
    return count;
  }
  Users page_of_all(const std::string& after, std::size_t limit) const {
    Users users = directory.presence.online_users();
    users.erase(users.begin(), std::ranges::upper_bound(users, after));
    if (users.size() > limit) users.resize(limit);
    return users;
  }

  FakeMailboxes mailboxes{1};
  Directory directory{mailboxes, Config{.presence_events = false, .presence_grace = Milliseconds(0)}};
  OnlinePages pages{directory};
  std::map<std::string, const User*> joined;
  std::vector<Users> answers;
  const SocketRef tab{0, 1, 1};
};

TEST_F(OnlinePagesTest, of_few_users_is_answered_at_once) {
  for (const char* user : {"linus", "ada", "grace"}) join(user);
  ask();
  ask("ada", 1);
  ask("zoe");
  EXPECT_EQ(answers, (std::vector<Users>{{"ada", "grace", "linus"}, {"grace"}, {}}));
}

TEST_F(OnlinePagesTest, are_those_of_the_sorted_list) {
  join_many(20'000);
  for (int i = 0; i < 20'000; i += 3) leave("u" + std::to_string(i));
  mailboxes.boxes[0].clear();
  std::vector<Users> expected;
  for (const std::string after : {"", "u1", "u15", "u5555", "u9", "u99999"}) {
    for (const std::size_t limit : {1u, 999u, 1000u, 1001u, 10'000u}) {
      ask(after, limit);
      expected.push_back(page_of_all(after, limit));
    }
  }
  all_tasks();
  EXPECT_TRUE(answers == expected);
}

TEST_F(OnlinePagesTest, are_read_in_tasks_of_some_hundred_users) {
  join_many(50'000);
  mailboxes.boxes[0].clear();
  ask();
  EXPECT_TRUE(answers.empty());
  EXPECT_GT(all_tasks(), 50'000u / 600);
  EXPECT_EQ(answers.size(), 1u);
}

TEST_F(OnlinePagesTest, that_are_asked_for_at_once_are_read_together) {
  join_many(20'000);
  mailboxes.boxes[0].clear();
  ask();
  const std::size_t one = all_tasks();
  for (int i = 0; i < 50; ++i) ask();
  EXPECT_EQ(mailboxes.boxes[0].size(), 1u) << "never more than one task under way";
  EXPECT_LT(all_tasks(), 15 * (one + 4));
  EXPECT_EQ(answers.size(), 51u);
  for (const Users& users : answers) EXPECT_EQ(users, answers[0]);
}

TEST_F(OnlinePagesTest, have_everybody_once_who_is_online_all_the_while) {
  join_many(5000);
  mailboxes.boxes[0].clear();
  ask({}, 10'000);
  for (int i = 0; answers.empty() && i < 2500; ++i) {
    // Tables grow and shrink between two tasks, and entries move in them.
    for (int k = 0; k < 100; ++k) join("z" + std::to_string(i) + '-' + std::to_string(k));
    leave("u" + std::to_string(2 * i));
    leave("z" + std::to_string(i) + "-0");
    std::erase_if(mailboxes.boxes[0], [](const Message& message) { return message.kind != Message::Kind::task; });
    task();
  }
  all_tasks();
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_TRUE(std::ranges::is_sorted(answers[0]));
  EXPECT_EQ(std::ranges::adjacent_find(answers[0]), answers[0].end());
  for (int i = 1; i < 5000; i += 2) EXPECT_TRUE(std::ranges::binary_search(answers[0], "u" + std::to_string(i))) << i;
}

TEST_F(OnlinePagesTest, may_be_asked_for_again_from_an_answer) {
  join_many(20'000);
  mailboxes.boxes[0].clear();
  Users all;
  std::function<void(const std::string&)> next = [&](const std::string& after) {
    pages.ask(0, after, 700, [&](const Users& users) {
      all.insert(all.end(), users.begin(), users.end());
      if (!users.empty()) next(users.back());
    });
  };
  next({});
  all_tasks();
  EXPECT_TRUE(all == directory.presence.online_users());
}

}  // namespace
}  // namespace signalbox::users::test
