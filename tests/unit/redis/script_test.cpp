#include "redis/script.hpp"

#include "unit/redis/scripted_redis.hpp"

namespace signalbox::redis {
namespace {

using Texts = std::vector<std::string>;

struct ScriptTest : testing::Test {
  void call() { run(script, {.keys = {"k1", "k2"}, .arguments = {"argument"}}, send, answers.note()); }
  void answer(Answer with) {
    ASSERT_TRUE(asked);
    std::exchange(asked, {})(std::move(with));
  }

  const Script script{"return 1"};
  Texts sent;
  OnAnswer asked;
  test::Answers answers;
  Send send = [this](const Command& command, OnAnswer on_answer) {
    std::string text;
    for (const auto part : command) text.append(part).append(" ");
    sent.push_back(text);
    asked = std::move(on_answer);
  };
};

TEST_F(ScriptTest, is_called_by_its_sha1) {
  EXPECT_EQ(script.sha1(), "e0e1f9fabfc9d4800c877a703b823ac0578ff8db");
  call();
  EXPECT_EQ(sent, Texts{"EVALSHA e0e1f9fabfc9d4800c877a703b823ac0578ff8db 2 k1 k2 argument "});
  answer(Reply{.kind = Reply::Kind::integer, .number = 1});
  EXPECT_EQ(answers.take(), Texts{"1"});
}

TEST_F(ScriptTest, is_sent_with_its_source_once_where_redis_does_not_know_it) {
  call();
  answer(std::unexpected(refusal("NOSCRIPT No matching script. Please use EVAL.")));
  EXPECT_EQ(sent.back(), "EVAL return 1 2 k1 k2 argument ");
  EXPECT_TRUE(answers.got.empty());
  answer(std::unexpected(refusal("NOSCRIPT No matching script. Please use EVAL.")));
  EXPECT_EQ(sent.size(), 2u);
  EXPECT_EQ(answers.take(), Texts{"refused: NOSCRIPT No matching script. Please use EVAL."});
}

TEST_F(ScriptTest, gives_back_any_other_error) {
  call();
  answer(std::unexpected(refusal("OOM no")));
  EXPECT_EQ(sent.size(), 1u);
  EXPECT_TRUE(answers.take()[0].starts_with("refused: OOM"));
}

}  // namespace
}  // namespace signalbox::redis
