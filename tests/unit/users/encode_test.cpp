#include "users/encode.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "base/json_check.hpp"

namespace signalbox::users {
namespace {

const EmitLimits kLimits{};

std::string packet(const FrameResult& frame) {
  return frame ? std::string((*frame)->packet()) : std::string(to_text(frame.error()));
}

TEST(JobEvents, are_what_the_original_sent) {
  EXPECT_EQ(packet(job_frame(JobProgress{.job_id = "7", .progress = 50}, kLimits)),
            R"(42["job_progress",{"jobId":"7","progress":50,"status":"processing"}])");
  EXPECT_EQ(packet(job_frame(JobCompleted{.job_id = "7", .result = {{"imageUrl", "/a.png"}, {"width", 2}}}, kLimits)),
            R"(42["job_completed",{"jobId":"7","result":{"imageUrl":"/a.png","width":2}}])");
  EXPECT_EQ(packet(job_frame(JobFailed{.job_id = "7", .error = "no \"paint\""}, kLimits)),
            R"(42["job_failed",{"jobId":"7","error":"no \"paint\""}])");
}

TEST(JobEvents, carry_keys_of_the_callers_own_behind_their_own) {
  const json extra = {{"eta", 3.5}, {"progress", 99}, {"step", {"a", 1}}};
  EXPECT_EQ(packet(job_frame(JobProgress{.job_id = "7", .progress = 0.1, .status = "x", .extra = extra}, kLimits)),
            R"(42["job_progress",{"jobId":"7","progress":0.1,"status":"x","eta":3.5,"step":["a",1]}])");
  EXPECT_EQ(job_frame(JobProgress{.job_id = "7", .extra = json::array({1})}, kLimits).error(), EmitError::invalid_json);
}

TEST(JobEvents, print_what_is_no_number_as_null) {
  EXPECT_EQ(
      packet(job_frame(JobProgress{.job_id = "7", .progress = std::numeric_limits<double>::quiet_NaN()}, kLimits)),
      R"(42["job_progress",{"jobId":"7","progress":null,"status":"processing"}])");
}

TEST(JobEvents, are_known_by_kind_and_job_whichever_way_they_were_emitted) {
  const auto typed = *job_frame(JobProgress{.job_id = "7", .progress = 1}, kLimits);
  const auto built = *event_frame("job_progress", json{{"x", 1}, {"jobId", "7"}}, kLimits);
  const auto text = *event_frame_of_text("job_progress", R"({"jobId":"7"})", kLimits);
  for (const EncodedEvent& frame : {typed, built, text}) {
    EXPECT_EQ(frame.job_id(), "7");
    EXPECT_EQ(frame->kind(), FrameKind::progress);
    EXPECT_EQ(frame->key(), "7");
  }
  EXPECT_EQ((*job_frame(JobCompleted{.job_id = "7"}, kLimits))->kind(), FrameKind::outcome);
  EXPECT_EQ((*event_frame_of_text("job_failed", R"({"jobId":12})", kLimits))->kind(), FrameKind::outcome);
  EXPECT_EQ((*event_frame_of_text("job_failed", R"({"jobId":12})", kLimits))->key(), "12");
  EXPECT_EQ((*event_frame_of_text("job_progress", R"([{"jobId":12}])", kLimits))->key(), "")
      << "names no job: replaces nothing";
  for (const json& data : {json{{"jobId", 12}}, json{{"jobId", 12U}}})
    EXPECT_EQ((*event_frame("job_failed", data, kLimits))->key(), "12");
  for (const json& data :
       {json{{"jobId", 1.5}}, json{{"jobId", nullptr}}, json::object(), json::array({"jobId"}), json("jobId")})
    EXPECT_EQ((*event_frame("job_failed", data, kLimits))->key(), "");
  EXPECT_EQ((*event_frame_of_text("news", R"({"jobId":12})", kLimits))->kind(), FrameKind::event);
}

TEST(JobEvents, in_braces_are_of_the_job_that_they_name) {
  const auto job = [](JsonMembers data) { return std::string((*event_frame("job_progress", data, kLimits))->key()); };
  EXPECT_EQ(job({{"x", 1}, {"jobId", "7"}}), "7");
  EXPECT_EQ(job({{"jobId", "a\"b"}}), "a\"b");
  EXPECT_EQ(job({{"jobId", 12}}), "12");
  EXPECT_EQ(job({{"jobId", -12}}), "-12");
  EXPECT_EQ(job({{"jobId", std::numeric_limits<std::uint64_t>::max()}}), "18446744073709551615");
  EXPECT_EQ(job({{"jobId", json("7")}}), "7");
  EXPECT_EQ(job({{"jobId", json(12)}}), "12");
  EXPECT_EQ(job({{"jobId", "1"}, {"jobId", "2"}}), "1") << "as the text has it";
  EXPECT_EQ(job({{"jobId", 1.5}}), "");
  EXPECT_EQ(job({{"jobId", nullptr}}), "");
  EXPECT_EQ(job({{"jobId", {{"jobId", "7"}}}}), "");
  EXPECT_EQ(job({{"job", "7"}}), "");
  EXPECT_EQ(job({}), "");
  EXPECT_EQ((*event_frame("job_failed", {{"jobId", "7"}}, kLimits))->kind(), FrameKind::outcome);
  EXPECT_EQ((*event_frame("news", {{"jobId", "7"}}, kLimits))->kind(), FrameKind::event);
  EXPECT_EQ((*event_frame("news", {{"jobId", "7"}}, kLimits))->key(), "");
}

TEST(JobEvents, name_their_job_in_at_most_256_bytes) {
  for (const std::size_t size : {256u, 257u}) {
    const std::string id(size, 'x'), data = R"({"jobId":")" + id + "\"}";
    const std::string digits = R"({"jobId":)" + std::string(size, '7') + "}";
    for (const FrameResult& frame :
         {job_frame(JobProgress{.job_id = id}, kLimits), job_frame(JobCompleted{.job_id = id}, kLimits),
          job_frame(JobFailed{.job_id = id, .error = "x"}, kLimits),
          event_frame("job_progress", json{{"jobId", id}}, kLimits),
          event_frame("job_progress", {{"jobId", id}}, kLimits),
          event_frame("job_progress", {{"jobId", json(id)}}, kLimits), event_frame_of_text("job_failed", data, kLimits),
          checked_event_frame("job_completed", data), checked_event_frame("job_completed", digits)}) {
      EXPECT_EQ(frame.has_value(), size == 256);
      if (!frame) {
        EXPECT_EQ(frame.error(), EmitError::invalid_job);
      }
    }
    EXPECT_TRUE(checked_event_frame("news", data)) << "no job event";
  }
}

TEST(JobEvents, name_their_job_in_utf_8) {
  const std::string id = "7\xFE" + std::string(13, 'x');  // as if it had a tail
  EXPECT_EQ(job_frame(JobProgress{.job_id = id}, kLimits).error(), EmitError::invalid_job);
  EXPECT_EQ(job_frame(JobCompleted{.job_id = id}, kLimits).error(), EmitError::invalid_job);
  EXPECT_EQ(job_frame(JobFailed{.job_id = id, .error = "x"}, kLimits).error(), EmitError::invalid_job);
  EXPECT_EQ(event_frame("job_failed", json{{"jobId", id}}, kLimits).error(), EmitError::invalid_job);
  EXPECT_EQ(event_frame("job_failed", {{"jobId", id}}, kLimits).error(), EmitError::invalid_job);
  EXPECT_TRUE(event_frame("news", json{{"jobId", id}}, kLimits)) << "no job event";
}

TEST(JobEvents, hold_the_jobs_id_once_where_json_writes_it_as_it_is) {
  const auto beside_packet = [](const FrameResult& event) {
    return (*event)->memory() - sizeof(Frame) - (*event)->websocket().size();
  };
  EXPECT_EQ(beside_packet(job_frame(JobProgress{.job_id = "seven"}, kLimits)), 0u);
  EXPECT_EQ(beside_packet(job_frame(JobCompleted{.job_id = "seven"}, kLimits)), 0u);
  EXPECT_EQ(beside_packet(job_frame(JobFailed{.job_id = "seven", .error = "x"}, kLimits)), 0u);
  EXPECT_EQ(beside_packet(event_frame("job_failed", json{{"jobId", "seven"}}, kLimits)), 0u);
  EXPECT_EQ(beside_packet(event_frame("job_failed", {{"jobId", "seven"}}, kLimits)), 0u);
  EXPECT_EQ(beside_packet(event_frame_of_text("job_failed", R"({"jobId":"seven"})", kLimits)), 0u);

  const auto escaped = job_frame(JobProgress{.job_id = "a\"b"}, kLimits);
  EXPECT_EQ(escaped->job_id(), "a\"b");
  EXPECT_EQ(beside_packet(escaped), 3u);
}

TEST(JobEvents, are_of_the_job_that_a_browser_reads) {
  const auto job = [](std::string_view data) {
    return std::string((*event_frame_of_text("job_progress", data, kLimits))->key());
  };
  EXPECT_EQ(job(R"({"jobId":"1","jobId":"2"})"), "2");
  EXPECT_EQ(job(R"({"jobId":"1","x":{"jobId":"3"},"job\u0049d":2})"), "2") << "a name with escapes is that name";
  EXPECT_EQ(job(R"({"\u006aobId":"1","jobId":"2"})"), "2");
  EXPECT_EQ(job(R"({"jobId":"1","jobId":null})"), "") << "none: JSON.parse gives null";
  EXPECT_EQ(job(R"({"jobId":"1\u0032"})"), "12");
}

TEST(Events, in_braces_are_those_of_their_json_value) {
  EXPECT_EQ(packet(event_frame("n\"1", {{"b", 1.5}, {"a", {{"c", "\xFE"}, {"d", 100U}}}}, kLimits)),
            packet(event_frame("n\"1", json{{"b", 1.5}, {"a", {{"c", "\xFE"}, {"d", 100U}}}}, kLimits)));
  EXPECT_EQ(packet(event_frame("x", {}, kLimits)), R"(42["x",null])");
  EXPECT_EQ(packet(event_frame("x", {1, 2}, kLimits)), R"(42["x",[1,2]])");
}

TEST(Events, of_checked_text_are_made_without_a_second_look) {
  const auto array = check_json(R"(["name",{"a":[]}])", 3);
  ASSERT_TRUE(array.has_value());
  const JsonView part = CheckedJson::part(*array, std::string_view("no judge would take this"));
  EXPECT_EQ(packet(event_frame_of_text("x", part, Config{.json_depth = 3})), R"(42["x",no judge would take this])");
  EXPECT_EQ(event_frame_of_text("x", part, Config{.json_depth = 2}).error(), EmitError::invalid_json)
      << "a narrower bound";
  EXPECT_EQ(event_frame_of_text("x", part, Config{.max_payload_bytes = 3, .json_depth = 3}).error(),
            EmitError::too_large);
}

TEST(Events, relay_the_senders_own_bytes) {
  EXPECT_EQ(packet(event_frame_of_text("n\"1", R"({ "b":1.50, "a":100000000000000000000 })", kLimits)),
            R"(42["n\"1",{ "b":1.50, "a":100000000000000000000 }])");
}

TEST(Events, may_have_no_argument_or_several) {
  const auto of = [](std::string_view event, std::string_view array) {
    return packet(event_frame_of_arguments(event, array, kLimits));
  };
  EXPECT_EQ(of("n\"1", "[]"), R"(42["n\"1"])");
  EXPECT_EQ(of("x", " [ ] "), R"(42["x"])");
  EXPECT_EQ(of("x", R"([{ "b":1.50 }])"), R"(42["x",{ "b":1.50 }])");
  EXPECT_EQ(of("x", R"( [1, "2",[3]] )"), R"(42["x",1, "2",[3]])");
}

TEST(Events, of_several_arguments_are_of_the_job_that_the_first_names) {
  const auto event = [](std::string_view array) { return *event_frame_of_arguments("job_completed", array, kLimits); };
  const EncodedEvent named = event(R"([{"jobId":"7"},{"jobId":"8"}])");
  EXPECT_EQ(named.job_id(), "7");
  EXPECT_TRUE(named.kept_outcome());
  EXPECT_EQ(event(R"([1,{"jobId":"8"}])").job_id(), "");
  EXPECT_EQ(event("[]").job_id(), "");
  EXPECT_EQ(event("[]")->kind(), FrameKind::outcome);
  const std::string large = R"([{"jobId":")" + std::string(257, 'x') + "\"}]";
  EXPECT_EQ(event_frame_of_arguments("job_failed", large, kLimits).error(), EmitError::invalid_job);
}

TEST(Events, are_checked_with_all_their_arguments) {
  const EmitLimits small = Config{.max_payload_bytes = 10, .json_depth = 2};
  const auto error = [&small](std::string_view event, std::string_view array) {
    return event_frame_of_arguments(event, array, small).error();
  };
  EXPECT_TRUE(event_frame_of_arguments("x", "[12345,6789]", small));
  EXPECT_EQ(error("x", "[123456,6789]"), EmitError::too_large);
  EXPECT_TRUE(event_frame_of_arguments("x", "[[[]]]", small));
  EXPECT_EQ(error("x", "[[[[]]]]"), EmitError::invalid_json);
  for (const char* array : {"", "1", "{}", "[", "[1,]", "[1]]", "[1],[2]", "[1e400]"})
    EXPECT_EQ(error("x", array), EmitError::invalid_json) << array;
  EXPECT_EQ(error("connect", "[]"), EmitError::reserved_event);
  EXPECT_EQ(error("", "[]"), EmitError::invalid_event);
}

TEST(Events, are_read_back_from_their_frames) {
  EXPECT_EQ(event_array(*event_frame_of_arguments("x", "[1,2]", kLimits)->frame), R"(["x",1,2])");
  EXPECT_EQ(event_array(*job_frame(JobFailed{.job_id = "7", .error = "no"}, kLimits)->frame),
            R"(["job_failed",{"jobId":"7","error":"no"}])");
  EXPECT_EQ(event_array(*text_frame("40")), "");
  EXPECT_EQ(event_array(*text_frame("42/admin,[\"x\"]")), "") << "of another namespace";
  EXPECT_EQ(event_array(*binary_frame("42[]")), "");
  EXPECT_EQ(event_array(*text_frame("", FrameKind::outcome, "7")), "") << "its data lies in the store alone";
}

TEST(Events, that_a_browser_could_not_read_are_refused) {
  for (const char* text : {"", "{", "1e400", R"("\ud800")", "\"\xff\"", "nul", "1 2", "{\"a\":1}}", "],["}) {
    EXPECT_EQ(event_frame_of_text("x", text, kLimits).error(), EmitError::invalid_json) << text;
  }
  const auto nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_TRUE(event_frame_of_text("x", nested(128), kLimits));
  EXPECT_EQ(event_frame_of_text("x", nested(129), kLimits).error(), EmitError::invalid_json);
  EXPECT_EQ(event_frame("x", json::parse(nested(129)), kLimits).error(), EmitError::invalid_json);
  EXPECT_TRUE(event_frame("x", {{"a", json::parse(nested(127))}}, kLimits));
  EXPECT_EQ(event_frame("x", {{"a", json::parse(nested(128))}}, kLimits).error(), EmitError::invalid_json);
  EXPECT_EQ(job_frame(JobCompleted{.job_id = "1", .result = json::parse(nested(128))}, kLimits).error(),
            EmitError::invalid_json);
}

TEST(QueueEvents, have_the_job_its_queue_and_then_what_the_queue_says) {
  const JobName job{.id = "repeat:7:1", .queue = "im\"age", .of_queue = true};
  const auto progress = queue_frame(job, {}, R"({"progress":50,"status":"processing"})", kLimits);
  EXPECT_EQ(packet(progress),
            R"(42["job_progress",{"jobId":"repeat:7:1","queue":"im\"age","progress":50,"status":"processing"}])");
  EXPECT_EQ((*progress)->kind(), FrameKind::progress);
  const QueueWord word{.kind = QueueWord::Kind::completed, .finished_ms = 1'795'474'317'363};
  const auto completed = queue_frame(job, word, R"({"result":null})", kLimits);
  EXPECT_EQ(packet(completed), R"(42["job_completed",{"jobId":"repeat:7:1","queue":"im\"age","result":null}])");
  EXPECT_EQ((*completed)->kind(), FrameKind::outcome);
  EXPECT_EQ((*completed)->key(), (*progress)->key()) << "so that the one replaces the other where both wait";
  EXPECT_EQ(queue_word(*completed->frame), word);
  EXPECT_EQ(queue_word(*progress->frame), QueueWord{});
  EXPECT_EQ(job_name((*completed)->key()).id, job.id);
  EXPECT_EQ(job_name((*completed)->key()).queue, job.queue);
  EXPECT_EQ(packet(queue_frame({.id = "7", .of_queue = true}, {.kind = QueueWord::Kind::failed}, " {}", kLimits)),
            to_text(EmitError::invalid_json));
  EXPECT_EQ(packet(queue_frame({.id = "7", .of_queue = true}, {.kind = QueueWord::Kind::failed}, "{ }", kLimits)),
            R"(42["job_failed",{"jobId":"7"}])")
      << "a queue that needs no name";
}

TEST(StreamEvents, have_their_place_beside_the_key) {
  const auto at = [](StreamPlace place, const std::string& name) {
    return *event_frame_of_arguments(name, JsonView(R"([{"jobId":"7"},1])"), kLimits, place);
  };
  const EncodedEvent event = at(kLastPlace, "job_completed");
  EXPECT_EQ(event->packet(), R"(42["job_completed",{"jobId":"7"},1])");
  EXPECT_EQ(event.job_id(), "7");
  EXPECT_EQ(stream_place(*event.frame), kLastPlace);
  EXPECT_EQ(stream_place(*at(0, "job_completed").frame), 0u);
  EXPECT_EQ(at(5, "news")->name(), "") << "it is no job's";
}

TEST(QueueEvents, that_a_browser_could_not_read_are_refused) {
  const auto why = [](const std::string& id, const std::string& queue, const std::string& members) {
    const auto frame = queue_frame({.id = id, .queue = queue, .of_queue = true}, {}, members,
                                   EmitLimits{Config{.max_payload_bytes = 1000}});
    return frame ? std::string("none") : std::string(to_text(frame.error()));
  };
  EXPECT_EQ(why(std::string(256, 'x'), std::string(256, 'x'), "{}"), "none");
  for (const std::string& id : {std::string(), std::string(257, 'x'), std::string("\xff")})
    EXPECT_EQ(why(id, "q", "{}"), to_text(EmitError::invalid_job)) << id;
  for (const std::string& queue : {std::string(257, 'x'), std::string("\xff")})
    EXPECT_EQ(why("7", queue, "{}"), to_text(EmitError::invalid_job)) << queue;
  for (const char* members : {"", "{", "[]", "{\"a\":NaN}", "{},{}", "{\"a\":1e400}"})
    EXPECT_EQ(why("7", "q", members), to_text(EmitError::invalid_json)) << members;
  EXPECT_EQ(why("7", "q", R"({"result":")" + std::string(1000, 'x') + R"("})"), to_text(EmitError::too_large));
}

TEST(Events, larger_than_a_client_may_get_are_refused) {
  const EmitLimits small = Config{.max_payload_bytes = 10};
  EXPECT_TRUE(event_frame_of_text("x", "1234567890", small));
  EXPECT_EQ(event_frame_of_text("x", "12345678901", small).error(), EmitError::too_large);
  EXPECT_EQ(event_frame("x", "1234567890", small).error(), EmitError::too_large);
  EXPECT_TRUE(event_frame("x", {{"a", "12"}}, small));
  EXPECT_EQ(event_frame("x", {{"a", "123"}}, small).error(), EmitError::too_large);
}

TEST(EventNames, that_socket_io_keeps_for_itself_are_refused) {
  for (const char* name :
       {"connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"}) {
    EXPECT_EQ(event_frame(name, 1, kLimits).error(), EmitError::reserved_event) << name;
    EXPECT_EQ(event_frame(name, {{"a", 1}}, kLimits).error(), EmitError::reserved_event) << name;
  }
}

TEST(EventNames, are_1_to_256_bytes_of_utf8) {
  EXPECT_TRUE(event_frame(std::string(256, 'x'), 1, kLimits));
  EXPECT_TRUE(event_frame("größe", 1, kLimits));
  for (const std::string& name : {std::string(), std::string(257, 'x'), std::string("\xc3")}) {
    EXPECT_EQ(event_frame(name, 1, kLimits).error(), EmitError::invalid_event) << name;
  }
}

TEST(UserIds, are_1_to_256_bytes_without_control_characters) {
  for (const std::string& id :
       {std::string("a"), std::string(256, 'x'), std::string("Ünï 2"), std::string("9007199254740993")}) {
    EXPECT_TRUE(valid_user_id(id)) << id;
  }
  for (const std::string& id : {std::string(), std::string(257, 'x'), std::string("a\n"), std::string("\x7f"),
                                std::string("\xff"), std::string("a\0b", 3)}) {
    EXPECT_FALSE(valid_user_id(id)) << id;
  }
}

}  // namespace
}  // namespace signalbox::users
