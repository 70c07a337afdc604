#include "engineio/query.hpp"

#include <gtest/gtest.h>

#include "engineio/sid.hpp"

namespace signalbox::engineio {
namespace {

std::optional<RequestError> verdict(std::string_view query, const RequestFacts& facts) {
  const auto parsed = parse_query(query);
  return parsed ? check_request(*parsed, facts) : std::optional(parsed.error());
}

const RequestFacts kGet{.method = "GET"};
const RequestFacts kUpgrade{.method = "GET", .upgrade = true};

// Source: engine.io 6.6, Server.verify.
TEST(Request, a_handshake_over_either_transport_is_accepted) {
  EXPECT_EQ(verdict("EIO=4&transport=polling&t=abc", kGet), std::nullopt);
  EXPECT_EQ(verdict("transport=websocket&EIO=4", kUpgrade), std::nullopt);
  EXPECT_EQ(verdict("EIO=4&transport=polling&sid=", kGet), std::nullopt) << "an empty sid counts as absent";
  EXPECT_EQ(verdict("EIO=%34&transport=p%6Flling", kGet), std::nullopt);
}
TEST(Request, the_first_check_that_fails_answers) {
  EXPECT_EQ(verdict("", kGet), kUnknownTransport);
  EXPECT_EQ(verdict("EIO=4&transport=__proto__", kGet), kUnknownTransport);
  EXPECT_EQ(verdict("EIO=4&transport=polling&sid=nope", kGet), kUnknownSid);
  EXPECT_EQ(verdict("EIO=4&transport=polling", {.method = "POST"}), kBadMethod);
  EXPECT_EQ(verdict("EIO=4&transport=websocket", kGet), kBadRequest);
  EXPECT_EQ(verdict("EIO=3&transport=polling", kGet), kUnsupportedVersion);
  EXPECT_EQ(verdict("transport=polling", kGet), kUnsupportedVersion);
  EXPECT_EQ(verdict("EIO=4&transport=polling", {.method = "GET", .origin_is_clean = false}), kBadRequest);
}
TEST(Request, a_session_is_served_on_its_present_transport) {
  const RequestFacts polling{.method = "GET", .session = Transport::polling};
  const RequestFacts upgraded{.method = "GET", .session = Transport::websocket};
  EXPECT_EQ(verdict("EIO=4&transport=polling&sid=x", polling), std::nullopt);
  EXPECT_EQ(verdict("EIO=4&transport=polling&sid=x", upgraded), kBadRequest);
  EXPECT_EQ(
      verdict("EIO=4&transport=websocket&sid=x", {.method = "GET", .upgrade = true, .session = Transport::polling}),
      std::nullopt);
}
TEST(Request, a_parameter_given_twice_or_badly_encoded_is_refused) {
  EXPECT_EQ(verdict("EIO=4&EIO=4&transport=polling", kGet), kBadRequest);
  EXPECT_EQ(verdict("EIO=4&transport=polling&sid=a&sid=", kGet), kBadRequest);
  EXPECT_EQ(verdict("EIO=4&transport=polling%", kGet), kBadRequest);
  EXPECT_EQ(verdict("EIO=4&transport=polling%zz", kGet), kBadRequest);
}
TEST(Request, the_first_t_is_its_stamp_however_long) {
  const auto stamp = [](const std::string& query) { return parse_query("transport=polling" + query)->stamp; };
  EXPECT_EQ(stamp(""), 0u);
  EXPECT_NE(stamp("&t=a"), 0u);
  EXPECT_EQ(stamp("&t=a"), stamp("&%74=%61&t=b"));
  EXPECT_NE(stamp("&t=" + std::string(16'000, 'a')), stamp("&t=" + std::string(15'999, 'a')));
}
TEST(Request, the_error_is_json) {
  EXPECT_EQ(error_body(kUnknownSid), R"({"code":1,"message":"Session ID unknown"})");
}

TEST(Sid, names_its_place_and_no_other) {
  for (unsigned shard : {0u, 1u, 255u}) {
    for (std::uint32_t slot : {0u, 1u, 0xffffffu})
      for (const char* tag : {"", "Az09Zz"})
        EXPECT_EQ(place_of(Sid(shard, slot, tag).text()), (SidPlace{tag, shard, slot}));
  }
  EXPECT_NE(Sid(0, 0).text(), Sid(0, 0).text());
}

TEST(Sid, begins_with_the_tag_of_its_node_where_there_are_several) {
  EXPECT_EQ(Sid(1, 2).text().size(), 28u);
  EXPECT_EQ(Sid(1, 2, "Az09Zz").text().size(), 34u);
  EXPECT_TRUE(Sid(1, 2, "Az09Zz").text().starts_with("Az09Zz"));
}

TEST(Sid, what_we_never_made_names_no_place) {
  for (const char* sid :
       {"", "x", "AAAAAAAAAAAAAAAAAAAA", "AAAAAAAAAAAAAAAAAAAA0000000", "AAAAAAAAAAAAAAAAAAAA000000000",
        "AAAAAAAAAAAAAAAAAAAA-1000000", "AAAAAAAAAAAAAAAAAAAA0x000000", "AAAAAAAAAAAAAAAAAAAA00 00000",
        "AAAAAAAAAAAAAAAAAAAA0000000g", "tagtagAAAAAAAAAAAAAAAAAAAA0000000g", "tag-agAAAAAAAAAAAAAAAAAAAA00000000",
        "tagAAAAAAAAAAAAAAAAAAAA00000000"}) {
    EXPECT_EQ(place_of(sid), std::nullopt) << sid;
  }
}

}  // namespace
}  // namespace signalbox::engineio
