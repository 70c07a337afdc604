#include "net/http_parser.hpp"

#include <gtest/gtest.h>

namespace signalbox::net {
namespace {

struct Outcome {
  int status = 0;
  bool done = false;
  std::string line;
  bool operator==(const Outcome&) const = default;
};

Outcome parse(std::string_view wire, std::size_t step, std::size_t max_bytes = 16 * 1024,
              std::size_t max_fields = 100) {
  HeadParser parser(max_bytes, max_fields);
  while (!wire.empty() && !parser.done() && !parser.failed()) {
    const auto piece = wire.substr(0, step);
    wire.remove_prefix(parser.feed(piece));
  }
  Outcome outcome{.status = parser.status(), .done = parser.done() && !parser.failed(), .line = {}};
  if (!outcome.done) return outcome;
  const auto head = parser.head();
  outcome.line = std::string(head.method) + " " + std::string(head.path) + " ? " + std::string(head.query);
  for (const auto& [name, value] : head.fields) outcome.line += "|" + std::string(name) + "=" + std::string(value);
  return outcome;
}

struct Case {
  const char* name;
  std::string wire;
  Outcome want;
};

class RequestHeads : public testing::TestWithParam<Case> {};

// Source: RFC 9112 §2 to §6.
INSTANTIATE_TEST_SUITE_P(
    Rfc9112, RequestHeads,
    testing::Values(
        Case{"a_plain_get", "GET /a?b=c HTTP/1.1\r\nHost: x\r\n\r\n", {0, true, "GET /a ? b=c|Host=x"}},
        Case{"blanks_around_a_value_go", "GET / HTTP/1.1\r\nHost: \t x y \t \r\n\r\n", {0, true, "GET / ? |Host=x y"}},
        Case{"an_empty_value", "GET / HTTP/1.1\r\nHost:\r\n\r\n", {0, true, "GET / ? |Host="}},
        Case{"one_empty_line_before", "\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n", {0, true, "GET / ? |Host=x"}},
        Case{"two_empty_lines_before", "\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n", {400, false, ""}},
        Case{"the_absolute_form", "GET http://h/p?q HTTP/1.1\r\nHost: h\r\n\r\n", {0, true, "GET /p ? q|Host=h"}},
        Case{"http_1_0_needs_no_host", "GET / HTTP/1.0\r\n\r\n", {0, true, "GET / ? "}},
        Case{"http_1_1_needs_a_host", "GET / HTTP/1.1\r\n\r\n", {400, false, ""}},
        Case{"two_hosts", "GET / HTTP/1.1\r\nHost: a\r\nhost: a\r\n\r\n", {400, false, ""}},
        Case{"http_2", "GET / HTTP/2.0\r\nHost: a\r\n\r\n", {505, false, ""}},
        Case{"a_bare_line_feed", "GET / HTTP/1.1\nHost: a\r\n\r\n", {400, false, ""}},
        Case{"a_bare_line_feed_in_a_field", "GET / HTTP/1.1\r\nHost: a\n\r\n", {400, false, ""}},
        Case{"a_folded_field", "GET / HTTP/1.1\r\nHost: a\r\n b\r\n\r\n", {400, false, ""}},
        Case{"a_blank_before_the_colon", "GET / HTTP/1.1\r\nHost : a\r\n\r\n", {400, false, ""}},
        Case{"a_control_character", std::string("GET / HTTP/1.1\r\nHost: a\x01\r\n\r\n"), {400, false, ""}},
        Case{"two_blanks_in_the_request_line", "GET  / HTTP/1.1\r\nHost: a\r\n\r\n", {400, false, ""}},
        Case{"both_lengths",
             "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
             {400, false, ""}},
        Case{"two_lengths",
             "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n",
             {400, false, ""}},
        Case{"a_list_of_lengths", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1, 1\r\n\r\n", {400, false, ""}},
        Case{"a_signed_length", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\n", {400, false, ""}},
        Case{"an_overflowing_length",
             "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 18446744073709551617\r\n\r\n",
             {400, false, ""}},
        Case{"chunked_then_identity",
             "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, identity\r\n\r\n",
             {400, false, ""}},
        Case{
            "an_unknown_coding", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n", {400, false, ""}},
        Case{"an_unknown_expectation", "POST / HTTP/1.1\r\nHost: a\r\nExpect: x\r\n\r\n", {417, false, ""}},
        Case{"connect", "CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n", {400, false, ""}}),
    [](const auto& c) { return std::string(c.param.name); });

TEST_P(RequestHeads, are_the_same_wherever_the_stream_is_cut) {
  for (std::size_t step = 1; step <= GetParam().wire.size(); ++step)
    EXPECT_EQ(parse(GetParam().wire, step), GetParam().want) << step;
}

TEST(HeadParser, refuses_a_head_over_its_bytes_and_its_fields) {
  const std::string start = "GET / HTTP/1.1\r\nHost: a\r\n";
  EXPECT_EQ(parse(start + "A: " + std::string(200, 'x') + "\r\n\r\n", 7, 128).status, 431);
  std::string many = start;
  for (int i = 0; i < 5; ++i) many += "A: b\r\n";
  EXPECT_EQ(parse(many + "\r\n", 3, 1024, 6).status, 0);
  EXPECT_EQ(parse(many + "\r\n", 3, 1024, 5).status, 431);
}

TEST(HeadParser, keeps_no_memory_of_a_large_head_when_that_is_taken_or_over) {
  const std::string head = "GET / HTTP/1.1\r\nHost: x\r\nA: " + std::string(15'000, 'x') + "\r\n\r\n";
  HeadParser parser(16 * 1024, 10);
  parser.feed(head);
  EXPECT_GT(parser.partial_bytes(), head.size());
  parser.reset();
  EXPECT_LE(parser.raw().capacity(), 1024u);
  parser.feed(head);
  EXPECT_EQ(parser.take_raw(), head);
  EXPECT_EQ(parser.partial_bytes(), 0u);
  EXPECT_LE(parser.raw().capacity(), 1024u);
}

TEST(HeadParser, takes_nothing_of_what_follows_the_head) {
  HeadParser parser(1024, 10);
  const std::string head = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
  EXPECT_EQ(parser.feed(head + "GET"), head.size());
  EXPECT_EQ(parser.raw(), head);
}

std::pair<int, std::string> decode(std::string_view wire, std::size_t step, std::size_t max = 100) {
  ChunkedDecoder decoder;
  std::string body;
  while (!wire.empty() && !decoder.done() && decoder.status() == 0) {
    wire.remove_prefix(decoder.feed(wire.substr(0, step), body, max));
  }
  return {decoder.done() ? 200 : decoder.status(), decoder.status() ? "" : body + "/" + std::string(wire)};
}

TEST(ChunkedDecoder, takes_the_framing_off_wherever_the_stream_is_cut) {
  const std::pair<std::string, std::pair<int, std::string>> cases[] = {
      {"3\r\nabc\r\n0\r\n\r\nX", {200, "abc/X"}},
      {"3;x=y\r\nabc\r\nA\r\n0123456789\r\n0\r\nTrailer: 1\r\n\r\n", {200, "abc0123456789/"}},
      {"0x3\r\nabc\r\n0\r\n\r\n", {400, ""}},
      {"+3\r\nabc\r\n0\r\n\r\n", {400, ""}},
      {"3\nabc\r\n0\r\n\r\n", {400, ""}},
      {"3\r\nabcd\r\n0\r\n\r\n", {400, ""}},
      {"\r\n", {400, ""}},
      {"65\r\n", {413, ""}},
      {"10000000000000003\r\nabc", {400, ""}},
  };
  for (const auto& [wire, want] : cases)
    for (std::size_t step = 1; step <= wire.size(); ++step)
      EXPECT_EQ(decode(wire, step), want) << wire << " by " << step;
}

}  // namespace
}  // namespace signalbox::net
