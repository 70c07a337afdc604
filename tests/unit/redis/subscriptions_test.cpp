#include "redis/subscriptions.hpp"

#include "unit/redis/scripted_redis.hpp"

namespace signalbox::redis {
namespace {

using Texts = std::vector<std::string>;
using Kind = Subscriptions::Kind;
constexpr Kind kChannel = Kind::channel, kPattern = Kind::pattern;

struct SubscriptionsTest : testing::Test {
  void add(std::string_view name, Kind kind = kChannel) {
    subscriptions.add(kind, name, [this, text = std::string(name)](const std::expected<void, Error>& result) {
      told.push_back(text + (result ? "" : ": " + result.error().text));
    });
  }
  void remove(std::string_view name, Kind kind = kChannel) { subscriptions.remove(kind, name); }
  /// Sends all that is to be sent; shows it, the names in their order.
  Texts sent() {
    Texts out;
    while (auto batch = subscriptions.next()) {
      std::ranges::sort(batch->names);
      std::string text;
      for (const auto part : batch->command()) text += (text.empty() ? "" : " ") + std::string(part);
      out.push_back(text);
      open.push_back(std::move(*batch));
    }
    return out;
  }
  void answer(const Answer& with = Reply{}) {
    ASSERT_FALSE(open.empty());
    subscriptions.on_answer(open.front(), with);
    open.erase(open.begin());
  }
  Texts take() { return std::exchange(told, {}); }

  Subscriptions subscriptions;
  std::vector<Subscriptions::Batch> open;
  Texts told;
};

TEST_F(SubscriptionsTest, are_confirmed_when_redis_has_answered) {
  subscriptions.on_ready();
  add("a");
  add("b");
  add("p*", kPattern);
  EXPECT_TRUE(subscriptions.has_next());
  EXPECT_EQ(sent(), (Texts{"SUBSCRIBE a b", "PSUBSCRIBE p*"}));
  EXPECT_FALSE(subscriptions.has_next());
  EXPECT_FALSE(subscriptions.is_confirmed(kChannel, "a"));
  answer();
  std::ranges::sort(told);
  EXPECT_EQ(take(), (Texts{"a", "b"}));
  EXPECT_TRUE(subscriptions.is_confirmed(kChannel, "a"));
  EXPECT_FALSE(subscriptions.is_confirmed(kPattern, "p*"));
  answer();
  EXPECT_EQ(take(), Texts{"p*"});
}

TEST_F(SubscriptionsTest, wanted_twice_are_asked_for_once_and_left_with_the_last) {
  subscriptions.on_ready();
  add("a");
  add("a");
  EXPECT_EQ(sent(), Texts{"SUBSCRIBE a"});
  add("a");
  EXPECT_EQ(sent(), Texts{});
  answer();
  EXPECT_EQ(take(), (Texts{"a", "a", "a"}));
  add("a");
  EXPECT_EQ(take(), Texts{"a"}) << "at once";
  for (int i = 0; i < 3; ++i) remove("a");
  EXPECT_EQ(sent(), Texts{});
  remove("a");
  EXPECT_EQ(sent(), Texts{"UNSUBSCRIBE a"});
  EXPECT_FALSE(subscriptions.is_confirmed(kChannel, "a"));
  EXPECT_EQ(subscriptions.size(), 1u);
  answer();
  EXPECT_EQ(subscriptions.size(), 0u);
}

TEST_F(SubscriptionsTest, cost_nothing_where_nobody_wants_them_any_more) {
  subscriptions.on_ready();
  add("a");
  remove("a");
  EXPECT_EQ(sent(), Texts{});
  EXPECT_EQ(take(), Texts{"a: it is not wanted any more"});
  EXPECT_EQ(subscriptions.size(), 0u);
}

TEST_F(SubscriptionsTest, are_confirmed_by_the_answer_to_the_last_command) {
  subscriptions.on_ready();
  add("a");
  EXPECT_EQ(sent(), Texts{"SUBSCRIBE a"});
  remove("a");
  EXPECT_EQ(sent(), Texts{"UNSUBSCRIBE a"});
  add("a");
  EXPECT_EQ(sent(), Texts{"SUBSCRIBE a"});
  answer();
  answer();
  EXPECT_EQ(take(), Texts{});
  EXPECT_FALSE(subscriptions.is_confirmed(kChannel, "a"));
  answer();
  EXPECT_EQ(take(), (Texts{"a", "a"}));
  EXPECT_TRUE(subscriptions.is_confirmed(kChannel, "a"));
}

TEST_F(SubscriptionsTest, travel_a_thousand_in_a_command) {
  subscriptions.on_ready();
  for (int i = 0; i < 2500; ++i) add("user:" + std::to_string(i));
  std::vector<std::size_t> sizes;
  while (const auto batch = subscriptions.next()) sizes.push_back(batch->names.size());
  EXPECT_EQ(sizes, (std::vector<std::size_t>{1000, 1000, 500}));
}

TEST_F(SubscriptionsTest, of_both_directions_are_gathered) {
  subscriptions.on_ready();
  for (int i = 0; i < 100; ++i) add("old:" + std::to_string(i));
  sent();
  answer();
  for (int i = 0; i < 100; ++i) {
    remove("old:" + std::to_string(i));
    add("new:" + std::to_string(i));
  }
  EXPECT_EQ(sent().size(), 2u);
}

TEST_F(SubscriptionsTest, are_all_asked_for_again_after_a_lost_connection) {
  add("early");
  EXPECT_EQ(sent(), Texts{}) << "there is no connection yet";
  subscriptions.on_ready();
  EXPECT_EQ(sent(), Texts{"SUBSCRIBE early"});
  answer();
  add("a");
  add("gone");
  add("p*", kPattern);
  EXPECT_EQ(sent(), (Texts{"SUBSCRIBE a gone", "PSUBSCRIBE p*"}));
  answer();
  remove("gone");
  sent();
  take();
  while (!open.empty()) answer(std::unexpected(Error{.kind = Error::Kind::lost, .text = "cut"}));
  subscriptions.on_lost();
  EXPECT_EQ(take(), Texts{}) << "p* waits for the next connection";
  EXPECT_FALSE(subscriptions.is_confirmed(kChannel, "early"));
  EXPECT_EQ(subscriptions.size(), 3u);
  EXPECT_EQ(sent(), Texts{});
  remove("a");
  subscriptions.on_ready();
  EXPECT_EQ(sent(), (Texts{"SUBSCRIBE early", "PSUBSCRIBE p*"}));
  answer();
  answer();
  EXPECT_EQ(take(), Texts{"p*"}) << "who was told before is not told again";
  EXPECT_TRUE(subscriptions.is_confirmed(kChannel, "early"));
}

TEST_F(SubscriptionsTest, that_redis_refuses_are_told_so_and_asked_for_again_when_they_are_added) {
  subscriptions.on_ready();
  add("a");
  sent();
  answer(std::unexpected(refusal("NOPERM no")));
  ASSERT_EQ(told.size(), 1u);
  EXPECT_TRUE(take()[0].starts_with("a: NOPERM no"));
  EXPECT_FALSE(subscriptions.is_confirmed(kChannel, "a"));
  add("a");
  EXPECT_EQ(sent(), Texts{"SUBSCRIBE a"});
  answer();
  EXPECT_EQ(take(), Texts{"a"});
}

TEST_F(SubscriptionsTest, may_be_changed_by_whoever_is_told) {
  subscriptions.on_ready();
  int more = 0;
  for (int i = 0; i < 50; ++i) {
    const std::string name = "x" + std::to_string(i);
    subscriptions.add(kChannel, name, [this, name, &more](const std::expected<void, Error>&) {
      remove(name);
      for (int j = 0; j < 20; ++j) add(name + "/" + std::to_string(j));
      ++more;
    });
  }
  sent();
  answer();
  EXPECT_EQ(more, 50);
  EXPECT_EQ(sent().size(), 2u);
  subscriptions.on_lost();
  EXPECT_EQ(subscriptions.size(), 1000u);
}

}  // namespace
}  // namespace signalbox::redis
