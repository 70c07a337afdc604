#include "socketio/packet.hpp"

#include <gtest/gtest.h>

#include <string>

namespace signalbox::socketio {
namespace {

std::expected<PacketView, DecodeError> read(std::string_view text) {
  return decode(text, {});
}

struct Case {
  const char* name;
  std::string wire;
  std::expected<PacketView, DecodeError> want;
};
const auto kBadPayload = std::unexpected(DecodeError::bad_payload);
const auto kBadCount = std::unexpected(DecodeError::bad_attachment_count);

// Source: Socket.IO protocol v5, "Packet encoding"; what the reference server refuses, socket.io-parser 4.2.
const Case kCases[] = {
    {"connect_to_the_main_namespace", "0", PacketView{.type = PacketType::connect}},
    {"connect_with_a_payload", R"(0{"token":"x"})",
     PacketView{.type = PacketType::connect, .payload = R"({"token":"x"})"}},
    {"connect_to_another", R"(0/admin,{"a":1})",
     PacketView{.type = PacketType::connect, .nsp = "/admin", .payload = R"({"a":1})"}},
    {"a_namespace_may_end_the_packet", "0/admin", PacketView{.type = PacketType::connect, .nsp = "/admin"}},
    {"disconnect", "1/admin,", PacketView{.type = PacketType::disconnect, .nsp = "/admin"}},
    {"an_event", R"(2["hi",1])", PacketView{.type = PacketType::event, .payload = R"(["hi",1])"}},
    {"an_event_with_namespace_and_ack_id", R"(2/admin,13["job"])",
     PacketView{.type = PacketType::event, .nsp = "/admin", .ack_id = 13, .payload = R"(["job"])"}},
    {"an_acknowledgement", R"(313["answer"])",
     PacketView{.type = PacketType::ack, .ack_id = 13, .payload = R"(["answer"])"}},
    {"a_binary_event", R"(51-["f",{"_placeholder":true,"num":0}])",
     PacketView{
         .type = PacketType::binary_event, .attachments = 1, .payload = R"(["f",{"_placeholder":true,"num":0}])"}},
    {"nothing", "", std::unexpected(DecodeError::empty)},
    {"an_unknown_type", "7", std::unexpected(DecodeError::unknown_type)},
    {"a_connect_error_from_a_client", R"(4{"message":"x"})", kBadPayload},
    {"a_connect_payload_that_is_no_object", "0[1]", kBadPayload},
    {"a_disconnect_with_a_payload", "1{}", kBadPayload},
    {"an_event_without_a_payload", "2", kBadPayload},
    {"an_event_that_is_no_array", "2{}", kBadPayload},
    {"an_event_cut_short", R"(2["hi")", kBadPayload},
    {"an_ack_id_that_is_no_number", R"(2abc["hi"])", kBadPayload},
    {"an_ack_id_of_twenty_digits", R"(299999999999999999999["hi"])", std::unexpected(DecodeError::bad_ack_id)},
    {"a_binary_event_without_its_count", R"(5["x"])", kBadCount},
    {"no_attachments_at_all", R"(50-["x"])", kBadCount},
    {"too_many_attachments", R"(511-["x"])", kBadCount},
    {"a_huge_count", "5999999999999-[]", kBadCount},
    {"a_fractional_count", R"(51.5-["x"])", kBadCount},
    {"a_negative_count", R"(5-1-["x"])", kBadCount},
};

class SocketIoDecode : public testing::TestWithParam<Case> {};
INSTANTIATE_TEST_SUITE_P(Protocol, SocketIoDecode, testing::ValuesIn(kCases),
                         [](const auto& tested) { return std::string(tested.param.name); });
TEST_P(SocketIoDecode, matches) {
  EXPECT_TRUE(read(GetParam().wire) == GetParam().want) << GetParam().wire;
}

TEST(Event, its_name_is_told_from_its_arguments) {
  const auto event = read_event(R"(["rename", {"a":1.50} ,"x"])", 256);
  ASSERT_TRUE(event.has_value());
  EXPECT_EQ(event->name, "rename");
  EXPECT_EQ(event->arguments, R"({"a":1.50} ,"x")");
  EXPECT_EQ(read_event(R"(["\u0061"])", 256)->name, "a");
  EXPECT_EQ(read_event("[7]", 256)->name, "7");
}
TEST(Event, a_name_is_text_or_a_number_bounded_and_not_reserved) {
  for (const char* payload : {"[]", "[{}]", "[null]", "[true]", "[[\"a\"]]", R"(["connect"])", R"(["disconnecting"])",
                              R"(["newListener"])"}) {
    EXPECT_FALSE(read_event(payload, 256)) << payload;
  }
  EXPECT_FALSE(read_event(R"(["abc"])", 2));
  for (const char* name : {"error", "toString", "hasOwnProperty", "__proto__"}) EXPECT_FALSE(reserved_event(name));
}
TEST(Placeholders, are_indices_below_the_count_at_any_depth) {
  const auto with = [](std::string_view num) {
    return R"([1,{"a":[{"_placeholder":true,"num":)" + std::string(num) + "}]}]";
  };
  EXPECT_TRUE(placeholders_fit(with("0"), 1));
  for (const char* num :
       {"1", "-1", "0.5", "1e0", "\"0\"", "\"splice\"", "null", "9007199254740992", "99999999999999999999"}) {
    EXPECT_FALSE(placeholders_fit(with(num), 1)) << num;
  }
  EXPECT_FALSE(placeholders_fit(R"([{"_placeholder":true}])", 1));
  EXPECT_TRUE(placeholders_fit(R"([{"num":-1}])", 1)) << "a num alone is the application's own";
  EXPECT_TRUE(placeholders_fit(R"(["_placeholder",true,"num",9,{"a\\\"":"_placeholder","b" : [ true , "]}" ]}])", 1))
      << "text that only looks like one";
}
TEST(Placeholders, are_read_as_a_browser_reads_members_escaped_or_twice) {
  EXPECT_FALSE(placeholders_fit(R"([{"\u005fplaceholder" : true , "n\u0075m" : 1 }])", 1));
  EXPECT_TRUE(placeholders_fit(R"([{"_placeholder":true,"_placeholder":{"num":7},"num":9}])", 1)) << "the last counts";
  EXPECT_FALSE(placeholders_fit(R"([{"_placeholder":true,"num":0,"num":[]}])", 1));
  EXPECT_FALSE(placeholders_fit(R"([{"num":{"_placeholder":true,"num":5}}])", 1));
  EXPECT_FALSE(placeholders_fit(R"([{"_placeholder":true,"a":[{"_placeholder":true,"num":0}],"num":5}])", 1));
}
TEST(Encode, packets_as_the_protocol_shows_them) {
  EXPECT_EQ(event_packet("/", {}, "hi", "1,2"), R"(42["hi",1,2])");
  EXPECT_EQ(event_packet("/admin", 7, "hi", ""), R"(42/admin,7["hi"])");
  EXPECT_EQ(event_packet("/", {}, "f", R"({"_placeholder":true,"num":0})", 1),
            R"(451-["f",{"_placeholder":true,"num":0}])");
  EXPECT_EQ(packet_head(PacketType::connect_error, "/nope"), "44/nope,");
}

}  // namespace
}  // namespace signalbox::socketio
