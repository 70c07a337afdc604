#include "cluster/own_channels.hpp"

#include <gtest/gtest.h>

#include "subscriber_model.hpp"

namespace signalbox::cluster::test {
namespace {

using Kind = OwnChannels::Kind;
using Need = OwnChannels::Need;
using Texts = std::vector<std::string>;

struct OwnChannelsTest : testing::Test {
  OwnChannelsTest() {
    own.add(Kind::channel, "node", Need::must);
    own.add(Kind::channel, "all", Need::must);
    own.add(Kind::pattern, "adapter", Need::may);
  }
  void hear() {
    own.hear([this](const std::expected<void, redis::Error>& heard) { said.push_back(heard ? "heard" : "refused"); });
  }
  /// Redis answers to one command.
  void answer_one(const redis::Answer& answer = redis::Reply{}) {
    const auto batch = subscriber.names.next();
    ASSERT_TRUE(batch);
    subscriber.names.on_answer(*batch, answer);
  }
  static redis::Answer refused() { return std::unexpected(redis::refusal("NOPERM no permission")); }

  SubscriberModel subscriber;
  std::size_t unheard = 0;
  OwnChannels own{subscriber, [this](const redis::Error&) { ++unheard; }};
  Texts said;
};

TEST_F(OwnChannelsTest, are_heard_when_Redis_has_confirmed_the_last_of_them) {
  subscriber.connect();
  hear();
  answer_one();
  EXPECT_EQ(said, Texts{}) << "the patterns are a command of their own";
  answer_one();
  EXPECT_EQ(said, Texts{"heard"});
}

TEST_F(OwnChannelsTest, are_confirmed_anew_on_each_connection) {
  subscriber.connect();
  hear();
  subscriber.answer();
  subscriber.lose();
  own.on_lost();
  subscriber.connect();
  hear();
  EXPECT_EQ(said, Texts{"heard"}) << "on the one before";
  subscriber.answer();
  EXPECT_EQ(said, (Texts{"heard", "heard"}));
}

TEST_F(OwnChannelsTest, are_heard_at_once_where_the_connection_has_stayed) {
  subscriber.connect();
  hear();
  subscriber.answer();
  own.on_lost();
  hear();
  EXPECT_EQ(said, (Texts{"heard", "heard"}));
}

TEST_F(OwnChannelsTest, asked_for_on_a_connection_that_is_lost_are_told_of_the_next_one_alone) {
  subscriber.connect();
  hear();
  answer_one();
  subscriber.lose();
  own.on_lost();
  subscriber.connect();
  subscriber.answer();
  EXPECT_EQ(said, Texts{});
  hear();
  EXPECT_EQ(said, Texts{"heard"});
}

TEST_F(OwnChannelsTest, of_which_one_must_be_heard_and_is_refused_are_of_no_use_until_Redis_lets_them) {
  subscriber.connect();
  hear();
  subscriber.refuse();
  EXPECT_EQ(said, Texts{"refused"});
  hear();
  subscriber.answer();
  EXPECT_EQ(said, (Texts{"refused", "heard"}));
}

TEST_F(OwnChannelsTest, go_without_one_that_need_not_be_heard) {
  subscriber.connect();
  hear();
  answer_one();
  answer_one(refused());
  EXPECT_EQ(said, Texts{"heard"});
  EXPECT_EQ(unheard, 1u);
}

}  // namespace
}  // namespace signalbox::cluster::test
