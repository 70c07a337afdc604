#include "http_client.hpp"

#include <gtest/gtest.h>

#include "raw_server.hpp"

// What the program makes of answers, as servers and proxies send them.
namespace app::test {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;
using Pieces = std::vector<std::string>;
using Then = RawServer::Then;

const std::string kChunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

HttpAnswer ask(const RawServer& server, std::chrono::milliseconds timeout = 10s) {
  return http_send({.place = server.place(), .timeout = timeout});
}
HttpAnswer answer_to(Pieces pieces, Then then = Then::keeps) {
  const RawServer server(std::move(pieces), then);
  return ask(server);
}
/// Why there is no answer.
std::string why_not(Pieces pieces, Then then = Then::closes) {
  try {
    return "an answer: " + answer_to(std::move(pieces), then).body;
  } catch (const HttpError& error) {
    return error.what();
  }
}
Pieces single_bytes(const std::string& text) {
  Pieces out;
  for (const char byte : text) out.emplace_back(1, byte);
  return out;
}

TEST(ChunkedBody, is_joined_and_the_connection_need_not_end) {
  EXPECT_EQ(answer_to({kChunked + "5\r\nhello\r\n7\r\n, world\r\n0\r\n\r\n"}).body, "hello, world");
  EXPECT_EQ(answer_to({kChunked + "0\r\n\r\n"}).body, "");
}

TEST(ChunkedBody, is_the_same_in_whatever_pieces_it_comes) {
  EXPECT_EQ(answer_to(single_bytes(kChunked + "A\r\n0123456789\r\n1\r\n\n\r\n0\r\n\r\n")).body, "0123456789\n");
}

TEST(ChunkedBody, may_have_what_its_sizes_carry_along_and_fields_at_its_end) {
  EXPECT_EQ(answer_to({kChunked + "5;name=\"value\"\r\nhello\r\n0\r\nDate: today\r\n\r\n"}).body, "hello");
  EXPECT_EQ(answer_to({"HTTP/1.1 200 OK\r\ntransfer-encoding: Chunked\r\n\r\n0005 \r\nhello\r\n0\r\n\r\n"}).body,
            "hello");
}

TEST(ChunkedBody, without_its_last_chunk_is_none) {
  for (const char* body : {"", "5\r\nhel", "5\r\nhello\r\n", "5\r\nhello\r\n0"})
    EXPECT_EQ(why_not({kChunked + body}), "the connection was closed before the answer was whole") << body;
}

TEST(ChunkedBody, whose_sizes_are_none_or_beyond_all_bounds_is_refused) {
  for (const char* size : {"x", "", "-1", "5 5", "fffffffffffffffff", "4000001"})
    EXPECT_EQ(why_not({kChunked + size + "\r\nhello\r\n0\r\n\r\n"}, Then::keeps), "the answer's chunks cannot be read")
        << size;
}

TEST(Answer, of_a_known_length_is_whole_with_its_last_byte) {
  EXPECT_EQ(answer_to({"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel", "lo"}).body, "hello");
  EXPECT_EQ(why_not({"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel"}),
            "the connection was closed before the answer was whole");
}

TEST(Answer, of_no_known_length_ends_with_its_connection) {
  EXPECT_EQ(answer_to({"HTTP/1.0 200 OK\r\n\r\nhel", "lo"}, Then::closes).body, "hello");
}

TEST(Answer, may_have_one_of_100_before_it) {
  const auto answer =
      answer_to({"HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"});
  EXPECT_EQ(answer.status, 404);
}

TEST(Answer, without_content_ends_with_its_head) {
  for (const char* status : {"204 No Content", "304 Not Modified"})
    EXPECT_EQ(answer_to({std::string("HTTP/1.1 ") + status + "\r\n\r\n"}).body, "") << status;
}

TEST(Answer, has_all_fields_of_a_name_in_one_list) {
  const auto answer = answer_to({"HTTP/1.1 204 No Content\r\nVary: a\r\nx: y\r\nvary: b\r\n\r\n"});
  EXPECT_EQ(answer.all_fields("Vary"), "a, b");
  EXPECT_EQ(answer.field("Vary"), "a");
  EXPECT_EQ(answer.all_fields("Date"), "");
}

TEST(TimeLimit, is_for_an_answer_that_does_not_come) {
  const RawServer silent({}, Then::keeps);
  const auto begun = Clock::now();
  EXPECT_THROW(ask(silent, 50ms), TimedOut);
  EXPECT_GE(Clock::now() - begun, 50ms);
}

TEST(TimeLimit, is_for_the_whole_answer_and_not_begun_anew_by_each_byte) {
  const RawServer slow(single_bytes(kChunked + "400\r\n" + std::string(100, 'x')), Then::keeps);
  EXPECT_THROW(ask(slow, 50ms), TimedOut);
}

TEST(TimeLimit, counts_for_what_is_there_already_too) {
  const RawServer server({"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"});
  Connection connection(server.place(), 10s);
  connection.send(http_head({.place = server.place()}));
  std::string received;
  EXPECT_TRUE(connection.receive(received));
  connection.set_timeout(0ms);
  EXPECT_THROW(connection.receive(received), TimedOut) << "or who sends without end is heard without end";
}

}  // namespace
}  // namespace app::test
