#include "cluster/adapter_message.hpp"

#include <gtest/gtest.h>

#include <string>

#include "bytes.hpp"
#include "cluster/adapter_request.hpp"
#include "cluster/channels.hpp"

namespace signalbox::cluster::test {
namespace {

constexpr UnpackLimits kMessageLimits{.bytes = 10'000, .depth = 8, .attachments = 4};

std::string error_of(std::string_view payload) {
  const auto message = read_adapter_message(payload, kMessageLimits);
  return message ? "" : std::string(message.error());
}

// What redis-emitter publishes for to("user:42").emit("job_progress", {jobId: "7", progress: 50, status:
// "processing"}).
const std::string kOfAnEmitter = bytes(
    "93 a7 656d6974746572 83 a4 74797065 02 a4 64617461 92 ac 6a6f625f70726f6772657373 83 a5 6a6f624964 a1 37"
    "a8 70726f6772657373 32 a6 737461747573 aa 70726f63657373696e67 a3 6e7370 a1 2f"
    "83 a5 726f6f6d73 91 a7 757365723a3432 a5 666c616773 80 a6 657863657074 90");

TEST(AdapterMessage, of_an_emitter_is_read_whole) {
  ASSERT_EQ(kOfAnEmitter.size(), 109u);
  const auto message = read_adapter_message(kOfAnEmitter, kMessageLimits);
  ASSERT_TRUE(message) << message.error();
  EXPECT_EQ(message->sender, "emitter");
  EXPECT_EQ(message->nsp, "/");
  EXPECT_EQ(message->event, "job_progress");
  EXPECT_EQ(message->arguments.str(), R"([{"jobId":"7","progress":50,"status":"processing"}])");
  EXPECT_EQ(message->to.rooms, std::vector<std::string>{"user:42"});
  EXPECT_TRUE(message->to.except.empty());
  EXPECT_FALSE(message->is_volatile);
}

TEST(AdapterMessage, cut_anywhere_is_none) {
  for (std::size_t size = 0; size < kOfAnEmitter.size(); ++size)
    EXPECT_FALSE(read_adapter_message(std::string_view(kOfAnEmitter).substr(0, size), kMessageLimits)) << size;
}

TEST(AdapterMessage, may_be_json_with_its_members_in_any_order_and_unknown_ones_among_them) {
  const auto message = read_adapter_message(
      R"(["a1B2c3",{"nsp":"/admin","new":[{}],"data":["x",1,null],"type":2},{"except":["user:1",7],"flags":{"volatile":true,"compress":false},"rooms":[42]},"more"])",
      kMessageLimits);
  ASSERT_TRUE(message) << message.error();
  EXPECT_EQ(message->sender, "a1B2c3");
  EXPECT_EQ(message->nsp, "/admin");
  EXPECT_EQ(message->event, "x");
  EXPECT_EQ(message->arguments.str(), "[1,null]");
  EXPECT_EQ(message->to.rooms, std::vector<std::string>{"42"}) << "a number is its digits";
  EXPECT_EQ(message->to.except, (std::vector<std::string>{"user:1", "7"}));
  EXPECT_TRUE(message->is_volatile);
}

TEST(AdapterMessage, of_an_old_emitter_names_nobody_who_is_left_out) {
  const auto message =
      read_adapter_message(R"(["emitter",{"type":2,"data":["x"]},{"rooms":["user:1"]}])", kMessageLimits);
  ASSERT_TRUE(message);
  EXPECT_EQ(message->arguments.str(), "[]");
  EXPECT_EQ(message->nsp, "/");
  EXPECT_TRUE(message->to.except.empty());
  const auto bare = read_adapter_message(R"(["emitter",{"type":2,"data":["x"]}])", kMessageLimits);
  ASSERT_TRUE(bare);
  EXPECT_TRUE(bare->to.rooms.empty()) << "everybody";
}

TEST(AdapterMessage, brings_bytes_apart) {
  const auto message =
      read_adapter_message(bytes("92 a165 82 a474797065 02 a464617461 92 a162 81 a169 c403 010203"), kMessageLimits);
  ASSERT_TRUE(message) << message.error();
  EXPECT_EQ(message->arguments.str(), R"([{"i":{"_placeholder":true,"num":0}}])");
  EXPECT_EQ(message->attachments, std::vector<std::string>{"\1\2\3"});
}

TEST(AdapterMessage, that_names_bytes_which_it_has_not_is_none) {
  const auto message = [&](std::string_view number) {
    return read_adapter_message(
        bytes("92 a165 82 a474797065 02 a464617461 93 a162 c401 01 82 ac5f706c616365686f6c646572 c3 a36e756d " +
              std::string(number)),
        kMessageLimits);
  };
  EXPECT_TRUE(message("00"));
  ASSERT_FALSE(message("01"));
  EXPECT_EQ(message("01").error(), "it names bytes that it has not");
}

TEST(AdapterMessage, says_what_is_wrong_with_it) {
  EXPECT_EQ(error_of("[]"), "it is no message of an adapter");
  EXPECT_EQ(error_of("{}"), "it is no message of an adapter");
  EXPECT_EQ(error_of(R"(["emitter"])"), "it is no message of an adapter");
  EXPECT_EQ(error_of(R"(["emitter",7])"), "it is no message of an adapter");
  EXPECT_EQ(error_of(R"(["emitter",{"type":4,"data":["x"]}])"), "its packet is no event");
  EXPECT_EQ(error_of(R"(["emitter",{"data":["x"]}])"), "its packet is no event");
  EXPECT_EQ(error_of(R"(["emitter",{"type":2}])"), "its event has no name");
  EXPECT_EQ(error_of(R"(["emitter",{"type":2,"data":{}}])"), "its event has no name");
  EXPECT_EQ(error_of(R"(["emitter",{"type":2,"data":[7]}])"), "its event has no name");
  EXPECT_EQ(error_of(R"(["emitter",)"), "it is not JSON that a browser can read");
  EXPECT_EQ(error_of(R"(["emitter",{"type":2,"data":["x",1e999]}])"), "it is not JSON that a browser can read");
  EXPECT_EQ(error_of("hello"), "it is not MessagePack");
}

TEST(AdapterMessage, may_nest_its_arguments_as_deep_as_any_event) {
  const auto nested = [](std::size_t depth) {
    return R"(["emitter",{"type":2,"data":["x",)" + std::string(depth, '[') + std::string(depth, ']') + "]}]";
  };
  EXPECT_EQ(error_of(nested(kMessageLimits.depth)), "");
  EXPECT_NE(error_of(nested(kMessageLimits.depth + 1)), "");
}

TEST(AdapterRequest, to_disconnect_says_whom_and_whether_their_connection_ends) {
  const auto request = read_adapter_request(
      R"({"type":4,"opts":{"rooms":["user:42"],"except":["user:7"]},"close":true})", kMessageLimits);
  ASSERT_TRUE(request) << request.error();
  EXPECT_EQ(request->type, AdapterRequest::Type::disconnect);
  EXPECT_EQ(request->of.rooms, std::vector<std::string>{"user:42"});
  EXPECT_EQ(request->of.except, std::vector<std::string>{"user:7"});
  EXPECT_TRUE(request->closes);
  EXPECT_EQ(request->id, "");
}

TEST(AdapterRequest, of_a_node_has_an_id_to_answer) {
  const auto request = read_adapter_request(R"({"uid":"abcdef","requestId":"q1","type":5,"opts":{}})", kMessageLimits);
  ASSERT_TRUE(request);
  EXPECT_EQ(request->type, AdapterRequest::Type::fetch_sockets);
  EXPECT_EQ(request->id, "q1");
  EXPECT_EQ(request->sender, "abcdef");
  const auto packed = read_adapter_request(bytes("82 a474797065 01 a9726571756573744964 a171"), kMessageLimits);
  ASSERT_TRUE(packed) << packed.error();
  EXPECT_EQ(packed->type, AdapterRequest::Type::all_rooms);
  EXPECT_EQ(packed->id, "q");
}

TEST(AdapterRequest, to_join_names_rooms_or_as_of_old_one_socket) {
  const auto request =
      read_adapter_request(R"({"type":2,"opts":{"rooms":["user:42"],"except":[]},"rooms":["a",7]})", kMessageLimits);
  ASSERT_TRUE(request);
  EXPECT_EQ(request->of.rooms, std::vector<std::string>{"user:42"});
  EXPECT_EQ(request->rooms, (std::vector<std::string>{"a", "7"}));
  EXPECT_EQ(request->socket, "");
  const auto old = read_adapter_request(R"({"type":4,"requestId":"q","sid":"abc","close":true})", kMessageLimits);
  ASSERT_TRUE(old);
  EXPECT_EQ(old->socket, "abc");
}

TEST(AdapterRequest, brings_what_servers_emit_to_each_other) {
  const auto request = read_adapter_request(R"({"uid":"emitter","type":6,"data":["hello",1]})", kMessageLimits);
  ASSERT_TRUE(request);
  EXPECT_EQ(request->sender, "emitter");
  EXPECT_EQ(request->data.str(), R"(["hello",1])");
}

TEST(AdapterRequest, brings_an_event_whose_acknowledgements_are_wanted) {
  const std::string_view text =
      R"({"uid":"abcdef","requestId":"q","type":7,"packet":{"type":2,"data":["ask",[1],2],"nsp":"/x"},)"
      R"("opts":{"rooms":["user:1"],"except":["s"],"flags":{"timeout":500,"expectSingleResponse":false}}})";
  const auto request = read_adapter_request(text, kMessageLimits);
  ASSERT_TRUE(request) << request.error();
  EXPECT_EQ(request->message.sender, "abcdef");
  EXPECT_EQ(request->message.nsp, "/x");
  EXPECT_EQ(request->message.event, "ask");
  EXPECT_EQ(request->message.arguments.str(), "[[1],2]");
  EXPECT_EQ(request->message.to.rooms, std::vector<std::string>{"user:1"});
  EXPECT_EQ(request->message.to.except, std::vector<std::string>{"s"});
  EXPECT_EQ(request->timeout, std::chrono::milliseconds(500));
  const auto without = read_adapter_request(R"({"type":7,"requestId":"q"})", kMessageLimits);
  ASSERT_FALSE(without);
  EXPECT_EQ(without.error(), "its packet is no event");
}

TEST(AdapterRequest, of_a_type_that_there_is_not_is_none) {
  for (const char* payload : {"{}", "[]", R"({"type":10})", R"({"type":-1})", R"({"type":"4"})", "hello"})
    EXPECT_FALSE(read_adapter_request(payload, kMessageLimits)) << payload;
}

TEST(Channels, are_those_of_socket_ios_adapter) {
  const Channels channels("socket.io");
  EXPECT_EQ(channels.broadcast(), "socket.io#/#");
  EXPECT_EQ(channels.user("42"), "socket.io#/#user:42#");
  EXPECT_EQ(channels.request(), "socket.io-request#/#");
  EXPECT_EQ(literal_pattern("a*b?c[d]e\\f#"), R"(a\*b\?c\[d\]e\\f#)");
  EXPECT_EQ(user_of_room("user:42"), "42");
  EXPECT_EQ(user_of_room("42"), std::nullopt);
}

}  // namespace
}  // namespace signalbox::cluster::test
