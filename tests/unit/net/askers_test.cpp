#include "net/askers.hpp"

#include <gtest/gtest.h>

namespace signalbox::net {
namespace {

struct AskersTest : testing::Test {
  HttpReply reply() {
    return [this](HttpAnswer answer) { answers.push_back(std::move(answer)); };
  }
  RequestId ask() {
    const RequestId id = Askers::id_of({.shard = 3, .number = ++number, .sid = {}});
    askers.add(id, Reply(reply()), *Counted::within(10, connections));
    return id;
  }

  std::vector<HttpAnswer> answers;
  std::atomic<std::size_t> connections{0};
  std::uint64_t number = std::uint64_t{1} << 40;
  Askers askers;
};

TEST_F(AskersTest, have_names_that_no_connection_has) {
  const RequestId id = ask();
  EXPECT_TRUE(Askers::names(id));
  EXPECT_EQ(id.shard, 3u);
  EXPECT_FALSE(Askers::names({.shard = 3, .slot = id.slot, .generation = 1, .number = id.number}));
}

TEST_F(AskersTest, are_told_once_when_their_time_comes_with_their_fields_before_those_of_the_answer) {
  const RequestId id = ask();
  askers.set_fields(id, {{"Vary", "Origin"}});
  askers.answer(id, {.status = 200, .fields = {{"Content-Type", "text/plain"}}, .body = "ok"});
  askers.answer(id, {.status = 500, .fields = {}, .body = {}});
  EXPECT_TRUE(answers.empty() && askers.due());
  EXPECT_EQ(connections, 0u);
  askers.tell();
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_EQ(answers[0].status, 200);
  EXPECT_EQ(answers[0].body, "ok");
  EXPECT_EQ(answers[0].fields, (HttpFields{{"Vary", "Origin"}, {"Content-Type", "text/plain"}}));
  EXPECT_FALSE(askers.due());
}

TEST_F(AskersTest, hear_nothing_when_they_have_gone) {
  const RequestId id = ask();
  EXPECT_EQ(connections, 1u);
  askers.forget(id);
  EXPECT_EQ(connections, 0u);
  askers.answer(id, {});
  askers.close();
  EXPECT_TRUE(answers.empty());
}

TEST_F(AskersTest, hear_that_the_service_has_ended) {
  askers.answer(ask(), {.status = 204, .fields = {}, .body = {}});
  ask();
  askers.close();
  ASSERT_EQ(answers.size(), 2u);
  EXPECT_EQ(answers[0].status, 204);
  EXPECT_EQ(answers[1].status, 503);
  EXPECT_EQ(askers.size() + connections, 0u);
}

TEST(Reply, is_called_once_also_where_nobody_answers) {
  std::vector<int> statuses;
  const auto keep = [&statuses](const HttpAnswer& answer) { statuses.push_back(answer.status); };
  {
    Reply first(keep);
    Reply second = std::move(first);
  }
  EXPECT_EQ(statuses, std::vector{503});
  {
    Reply answered(keep);
    std::move(answered)({.status = 200});
  }
  EXPECT_EQ(statuses, (std::vector{503, 200}));
}

}  // namespace
}  // namespace signalbox::net
