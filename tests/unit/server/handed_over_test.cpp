#include "server/handed_over.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

namespace signalbox::server {
namespace {

TEST(HandedOver, a_head_is_written_anew_without_what_framed_its_body) {
  const HttpRequest request{.method = "POST",
                            .target = "/api/emit?x=1",
                            .fields = {{"Host", "here"}, {"content-length", "7"}, {"Transfer-Encoding", "chunked"}},
                            .body = "{}"};
  EXPECT_EQ(head_of(request), "POST /api/emit?x=1 HTTP/1.1\r\nHost: here\r\n\r\n");
}

TEST(HandedOver, a_head_with_a_line_break_in_it_is_none) {
  EXPECT_EQ(head_of({.target = "/", .fields = {{"Host", "x\r\nAuthorization: y"}}}), "");
  EXPECT_EQ(head_of({.target = "/", .fields = {{"A\nB", "x"}}}), "");
  EXPECT_EQ(head_of({.target = "/ HTTP/1.1\r\nHost: x"}), "");
}

TEST(HandedOver, what_a_reply_throws_goes_no_further) {
  int status = 0;
  log::RareError threw;
  const auto throws = [&status](HttpAnswer answer) {
    status = answer.status;
    throw std::runtime_error("a reply that throws");
  };
  const HttpReply reply = guarded(throws, threw);
  EXPECT_NO_THROW(reply({.status = 204}));
  EXPECT_EQ(status, 204);
}

}  // namespace
}  // namespace signalbox::server
