#include "redis/reply_reader.hpp"

#include <gtest/gtest.h>

namespace signalbox::redis {
namespace {

using namespace std::string_view_literals;

Reply nil() {
  return {};
}
Reply integer(std::int64_t number) {
  return {.kind = Reply::Kind::integer, .number = number};
}
Reply text(std::string_view bytes) {
  return {.kind = Reply::Kind::text, .text = std::string(bytes)};
}
Reply array(std::vector<Reply> elements) {
  return {.kind = Reply::Kind::array, .elements = std::move(elements)};
}

/// All replies of these bytes, fed in pieces of that size. An error stands at the end as an error reply.
std::vector<Reply> read(std::string_view bytes, std::size_t piece, ReplyLimits limits = {}) {
  ReplyReader reader(limits);
  std::vector<Reply> out;
  for (std::size_t at = 0; at < bytes.size(); at += piece) {
    reader.feed(bytes.substr(at, piece));
    for (;;) {
      auto reply = reader.next();
      if (!reply) {
        out.push_back({.kind = Reply::Kind::error, .text = reply.error()});
        return out;
      }
      if (!*reply) break;
      out.push_back(std::move(**reply));
    }
  }
  return out;
}

std::string complaint(std::string_view bytes, ReplyLimits limits = {}) {
  const auto replies = read(bytes, bytes.size(), limits);
  return replies.empty() || replies.back().kind != Reply::Kind::error ? "" : replies.back().text;
}

TEST(ReplyReader, reads_every_kind_cut_at_any_byte) {
  const auto bytes =
      "+OK\r\n-ERR no\r\n:-42\r\n$-1\r\n*-1\r\n$0\r\n\r\n$5\r\n\0\r\n$\xff\r\n*0\r\n"
      "*3\r\n:1\r\n*2\r\n$1\r\na\r\n*1\r\n+x\r\n$1\r\nb\r\n:9\r\n"sv;
  const std::vector<Reply> expected{
      {.kind = Reply::Kind::status, .text = "OK"},
      {.kind = Reply::Kind::error, .text = "ERR no"},
      integer(-42),
      nil(),
      nil(),
      text(""),
      text("\0\r\n$\xff"sv),
      array({}),
      array({integer(1), array({text("a"), array({{.kind = Reply::Kind::status, .text = "x"}})}), text("b")}),
      integer(9)};
  for (std::size_t piece = 1; piece <= bytes.size(); ++piece) EXPECT_EQ(read(bytes, piece), expected) << piece;
}

TEST(ReplyReader, waits_for_the_rest) {
  for (const auto* part : {"$5\r\nhell", "*2\r\n:1\r\n", ":12", "+OK\r", "$", "*"})
    EXPECT_TRUE(read(part, 100).empty());
}

TEST(ReplyReader, refuses_what_no_redis_says) {
  for (const char* bytes : {"HTTP/1.1 400 Bad Request\r\n", "$x\r\n", "*x\r\n", ":x\r\n", "$-2\r\n", "*-2\r\n",
                            "\x15\x03\x03\r\n", "*4294967296\r\n", "$99999999999999999999\r\n"}) {
    ReplyReader reader;
    reader.feed(bytes);
    EXPECT_FALSE(reader.next()) << bytes;
    reader.feed("+OK\r\n");
    EXPECT_FALSE(reader.next()) << "it stays so";
  }
}

TEST(ReplyReader, refuses_an_answer_of_too_many_bytes_when_it_is_announced) {
  EXPECT_EQ(complaint("$101\r\n", {.bytes = 100}), "an answer of more than 100 bytes");
  EXPECT_EQ(complaint("$101", {.bytes = 100}), "") << "the length may go on";
  EXPECT_EQ(complaint("*2\r\n:1\r\n$101\r\n", {.bytes = 100}), "an answer of more than 100 bytes");
  std::string many = "*100\r\n";
  for (int i = 0; i < 30; ++i) many += ":1\r\n";
  EXPECT_EQ(complaint(many, {.bytes = 100}), "an answer of more than 100 bytes") << "small ones add up";
  EXPECT_EQ(complaint("$101\r\n" + std::string(101, 'x') + "\r\n", {.bytes = 100}), "an answer of more than 100 bytes")
      << "also where all of it is there";
  EXPECT_EQ(read("$80\r\n" + std::string(80, 'x') + "\r\n$80\r\n" + std::string(80, 'y') + "\r\n", 7, {.bytes = 100}),
            (std::vector{text(std::string(80, 'x')), text(std::string(80, 'y'))}))
      << "each answer counts by itself";
}

TEST(ReplyReader, refuses_an_answer_of_too_many_values_when_they_are_announced) {
  EXPECT_EQ(complaint("*2147483647\r\n"), "an answer of more than 262144 values");
  EXPECT_EQ(complaint("*2\r\n*2\r\n:1\r\n:2\r\n*2\r\n", {.elements = 5}), "an answer of more than 5 values");
  EXPECT_EQ(read("*2\r\n:1\r\n:2\r\n*2\r\n:1\r\n:2\r\n", 3, {.elements = 2}).size(), 2u) << "each answer by itself";
}

TEST(ReplyReader, refuses_an_answer_that_is_too_deep) {
  std::string seven, eight;
  for (int i = 0; i < 7; ++i) seven += "*1\r\n";
  for (int i = 0; i < 20; ++i) eight += "*1\r\n";
  EXPECT_EQ(complaint(seven + ":1\r\n"), "");
  EXPECT_EQ(read(seven + ":1\r\n", 100).size(), 1u);
  EXPECT_TRUE(complaint(eight).contains("depth")) << complaint(eight);
}

TEST(ReplyReader, refuses_a_line_that_does_not_end) {
  EXPECT_EQ(complaint("+" + std::string(70'000, 'x')), "a line that does not end");
  EXPECT_EQ(complaint("$" + std::string(70'000, '0')), "a line that does not end");
  EXPECT_EQ(complaint("$70000\r\n" + std::string(69'000, 'x')), "");
}

}  // namespace
}  // namespace signalbox::redis
