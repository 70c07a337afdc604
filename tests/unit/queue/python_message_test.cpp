#include "queue/python_message.hpp"

#include <gtest/gtest.h>

#include <string>

// Messages as they were seen on the wire of python-socketio 5.14 to 5.18.
namespace signalbox::queue::test {
namespace {

constexpr PythonLimits kPythonLimits{.bytes = 10'000, .depth = 8, .attachments = 4};

std::string python_error(std::string_view payload) {
  const auto emit = read_python_message(payload, kPythonLimits);
  return emit ? "" : std::string(emit.error());
}

std::string emitted(std::string_view data, std::string_view rest = R"("binary": false, "room": null)") {
  return R"({"method": "emit", "event": "x", "data": )" + std::string(data) + R"(, "namespace": "/", )" +
         std::string(rest) + "}";
}

std::string arguments_of(std::string_view payload) {
  const auto emit = read_python_message(payload, kPythonLimits);
  return emit ? emit->arguments.str() : std::string(emit.error());
}

TEST(PythonMessage, is_read_whole) {
  const auto emit = read_python_message(
      R"({"method": "emit", "event": "job_progress", "data": [{"jobId": "7", "progress": 50, "status": "processing"}], "binary": false, "namespace": "/", "room": "user:42", "skip_sid": null, "callback": null, "host_id": "252d5340974d40eb97ab80bc439f3f92"})",
      kPythonLimits);
  ASSERT_TRUE(emit) << emit.error();
  EXPECT_EQ(emit->nsp, "/");
  EXPECT_EQ(emit->event, "job_progress");
  EXPECT_EQ(emit->arguments, R"([{"jobId": "7", "progress": 50, "status": "processing"}])");
  EXPECT_EQ(emit->rooms, std::vector<std::string>{"user:42"});
  EXPECT_TRUE(emit->except.empty());
  EXPECT_TRUE(emit->attachments.empty());
}

TEST(PythonMessage, of_an_older_version_has_the_value_itself) {
  EXPECT_EQ(arguments_of(emitted(R"({"jobId": "7"})")), R"([{"jobId": "7"}])");
  EXPECT_EQ(arguments_of(emitted("5")), "[5]");
  EXPECT_EQ(arguments_of(emitted(R"(["a", 2])")), R"(["a", 2])") << "a list cannot be told from two arguments";
}

TEST(PythonMessage, without_data_has_no_arguments) {
  EXPECT_EQ(arguments_of(emitted("[null]")), "[]");
  EXPECT_EQ(arguments_of(emitted("null")), "[]");
}

TEST(PythonMessage, to_no_room_of_a_list_is_for_nobody) {
  EXPECT_EQ(python_error(emitted("[1]", R"("room": [])")), kNoRoom);
}

TEST(PythonMessage, names_rooms_and_sockets_in_several_ways) {
  const auto rooms = [](std::string_view room) {
    return read_python_message(emitted("[1]", R"("room": )" + std::string(room)), kPythonLimits)->rooms;
  };
  using Texts = std::vector<std::string>;
  EXPECT_EQ(rooms("null"), Texts{});
  EXPECT_EQ(rooms("42"), Texts{"42"});
  EXPECT_EQ(rooms(R"(["user:42", "user:43"])"), (Texts{"user:42", "user:43"}));
  const auto except = [](std::string_view skip) {
    return read_python_message(emitted("[1]", R"("room": null, "skip_sid": )" + std::string(skip)), kPythonLimits)
        ->except;
  };
  EXPECT_EQ(except(R"("ON3e")"), Texts{"ON3e"});
  EXPECT_EQ(except(R"(["a", "b"])"), (Texts{"a", "b"}));
}

TEST(PythonMessage, has_bytes_behind_its_arguments) {
  const auto emit = read_python_message(
      emitted(
          R"([[{"b": {"_placeholder": true, "num": 0}, "a": {"_placeholder": true, "num": 1}, "n": [{"_placeholder": true, "num": 2}]}], "AP8=", "aGk=", "eA=="])",
          R"("binary": true)"),
      kPythonLimits);
  ASSERT_TRUE(emit) << emit.error();
  EXPECT_EQ(emit->attachments, (std::vector<std::string>{std::string("\0\xff", 2), "hi", "x"}));
  EXPECT_TRUE(emit->arguments.str().starts_with("[{"));
  EXPECT_TRUE(arguments_of(emitted(R"([{"_placeholder": true, "num": 0}, "AP8="])", R"("binary": true)"))
                  .starts_with(R"([{"_placeholder")"))
      << "5.14.2 to 5.15.0 write the value itself";
  const auto with_bytes = [](std::string_view data) { return python_error(emitted(data, R"("binary": true)")); };
  EXPECT_EQ(with_bytes(R"([[{"_placeholder": true, "num": 1}], "AP8="])"), "it names bytes that it has not");
  EXPECT_EQ(with_bytes(R"([[1], "?"])"), "its bytes are no base64");
  EXPECT_EQ(with_bytes("1"), "its data has no bytes");
  EXPECT_EQ(with_bytes(R"([[1], "", "", "", "", ""])"), "it has more attachments than MAX_ATTACHMENTS");
}

TEST(PythonMessage, may_hold_what_python_alone_calls_json) {
  EXPECT_EQ(arguments_of(emitted(R"([NaN, -Infinity, "\ud800", 1180591620717411303424])")),
            R"([null, null, "\ufffd", 1180591620717411303424])");
}

TEST(PythonMessage, that_is_no_emit_is_refused_with_the_reason) {
  EXPECT_TRUE(python_error("\x80\x04\x95").starts_with("it is a pickle, which is code"));
  EXPECT_EQ(python_error(R"({"method": "close_room", "room": "user:42", "namespace": "/"})"), kOtherMethod);
  EXPECT_EQ(python_error(R"({"method": "emit", "data": [1]})"), "its event has no name");
  EXPECT_EQ(python_error("{"), "it is not JSON that a browser can read");
  EXPECT_EQ(python_error(emitted("\"" + std::string(10'000, 'x') + "\"")), "it is larger than MAX_PAYLOAD_BYTES");
}

}  // namespace
}  // namespace signalbox::queue::test
