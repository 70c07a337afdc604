#include "queue/celery_message.hpp"

#include <gtest/gtest.h>

#include <string>

// Messages as they were seen on the wire of Celery 5.5.
namespace signalbox::queue::test {
namespace {

CeleryReading reading(std::string_view user = "kwargs.user_id", std::size_t most_bytes = 100'000) {
  return {.user = celery_user(user).value(), .most_bytes = most_bytes, .most_depth = 8};
}

/// "42 completed 7109880a {…}", or the error.
std::string told(std::string_view payload, const CeleryReading& how = reading()) {
  const auto report = read_celery_message(payload, how);
  if (!report) return std::string(report.error());
  static constexpr const char* kKinds[] = {"progress", "completed", "failed"};
  return report->user + " " + kKinds[std::to_underlying(report->kind)] + " " + report->job_id + " " + report->members;
}

/// A message of a task of user 42 whose id is "t", with what follows its result.
std::string state(std::string_view status, std::string_view result, std::string_view date_done = "null") {
  return R"({"status": ")" + std::string(status) + R"(", "result": )" + std::string(result) +
         R"(, "traceback": null, "children": [], "date_done": )" + std::string(date_done) +
         R"(, "name": "tasks.work", "args": [1, "two"], "kwargs": {"user_id": 42, "prompt": "it's \"x\""}, )"
         R"("worker": "celery@vm", "retries": 0, "queue": "celery", "task_id": "t"})";
}

TEST(CeleryMessage, is_read_as_it_was_published) {
  const std::string started =
      R"({"status": "STARTED", "result": {"pid": 30229, "hostname": "celery@vm"}, "traceback": null, "children": [], "date_done": null, "name": "tasks.work", "args": [1, "two"], "kwargs": {"user_id": 42, "prompt": "it's \"x\"", "nested": {"a": {"b": true, "n": null}}}, "worker": "celery@vm", "retries": 0, "queue": "celery", "task_id": "7109880a-ceb6-40fe-80ef-3333b338f2dc"})";
  EXPECT_EQ(told(started), R"(42 progress 7109880a-ceb6-40fe-80ef-3333b338f2dc {"progress":0,"status":"started"})");
  for (std::size_t size = 0; size < started.size(); ++size)
    EXPECT_EQ(told(std::string_view(started).substr(0, size)), "it is not JSON that a browser can read") << size;
}

TEST(CeleryMessage, of_a_state_of_ones_own_is_progress) {
  EXPECT_EQ(told(state("PROGRESS", R"({"current": 3, "total": 10, "status": "rendering"})")),
            R"(42 progress t {"progress":30,"status":"rendering"})");
  EXPECT_EQ(told(state("PROGRESS", R"({"current": 2, "total": 3})")),
            R"(42 progress t {"progress":67,"status":"processing"})")
      << "rounded";
  EXPECT_EQ(told(state("PROGRESS", R"({"progress": 12.5})")),
            R"(42 progress t {"progress":12.5,"status":"processing"})");
  EXPECT_EQ(told(state("PROGRESS", R"({"current": 5, "total": 0})")), R"(42 progress t {"status":"processing"})");
  EXPECT_EQ(told(state("PROGRESS", R"({"current": 12, "total": 10})")),
            R"(42 progress t {"progress":100,"status":"processing"})");
  EXPECT_EQ(told(state("RENDERING", "null")), R"(42 progress t {"status":"rendering"})");
  EXPECT_EQ(told(state("RENDERING", "70")), R"(42 progress t {"progress":70,"status":"rendering"})");
  EXPECT_EQ(told(state("RETRY", R"({"exc_type": "RuntimeError", "exc_message": ["try 0"], "exc_module": "builtins"})")),
            R"(42 progress t {"progress":0,"status":"retrying"})");
}

TEST(CeleryMessage, of_a_success_has_the_result_and_its_time) {
  const std::string message =
      state("SUCCESS", R"({"imageUrl": "u", "k": [1]})", R"("2026-11-28T00:57:52.309020+00:00")");
  EXPECT_EQ(told(message), R"(42 completed t {"result":{"imageUrl": "u", "k": [1]}})");
  EXPECT_EQ(read_celery_message(message, reading())->finished_ms, 1795827472309);
  EXPECT_EQ(told(state("SUCCESS", "null")), R"(42 completed t {"result":null})");
}

TEST(CeleryMessage, of_a_success_leaves_out_a_result_that_no_event_can_hold) {
  const auto nested = [](std::size_t levels) { return std::string(levels, '[') + std::string(levels, ']'); };
  EXPECT_EQ(told(state("SUCCESS", nested(7))), R"(42 completed t {"result":)" + nested(7) + "}");
  EXPECT_EQ(told(state("SUCCESS", nested(8))), R"(42 completed t {"result":null,"truncated":true})");
}

TEST(CeleryMessage, of_a_failure_has_the_exceptions_type_and_its_arguments) {
  const auto failed = [](std::string_view result) { return told(state("FAILURE", result)); };
  EXPECT_EQ(failed(R"({"exc_type": "ValueError", "exc_message": ["bo\"om \u00e9"], "exc_module": "builtins"})"),
            R"(42 failed t {"error":"ValueError: bo\"om é"})");
  EXPECT_EQ(failed(R"({"exc_type": "ValueError", "exc_message": []})"), R"(42 failed t {"error":"ValueError"})");
  EXPECT_EQ(failed(R"({"exc_type": "Mine", "exc_message": ["x", 2]})"), R"(42 failed t {"error":"Mine: x, 2"})");
  EXPECT_EQ(failed(R"({"exc_type": "ValueError", "exc_message": ["a", {"b": [1]}, null]})"),
            R"(42 failed t {"error":"ValueError: a, {\"b\": [1]}, null"})");
  EXPECT_EQ(failed(R"({"exc_type": "Custom", "exc_message": "by hand", "custom": 1})"),
            R"(42 failed t {"error":"Custom: by hand"})");
  EXPECT_EQ(failed(R"({"error": "by hand"})"), R"(42 failed t {"error":"{\"error\": \"by hand\"}"})");
  EXPECT_EQ(
      told(state("REVOKED",
                 R"({"exc_type": "TaskRevokedError", "exc_message": ["revoked"], "exc_module": "celery.exceptions"})")),
      R"(42 failed t {"error":"TaskRevokedError: revoked"})");
}

TEST(CeleryMessage, names_its_user_where_the_setting_says) {
  const std::string message =
      R"({"status": "SUCCESS", "result": {"user_id": "r"}, "args": ["a", 7], "kwargs": {"user_id": "k"}, "stamped_headers": ["user"], "user": "s", "task_id": "t"})";
  const auto user = [&](std::string_view setting) { return read_celery_message(message, reading(setting))->user; };
  EXPECT_EQ(user("kwargs.user_id"), "k");
  EXPECT_EQ(user("args.0"), "a");
  EXPECT_EQ(user("args.1"), "7") << "a number is its digits";
  EXPECT_EQ(user("result.user_id"), "r");
  EXPECT_EQ(user("user"), "s") << "a stamp";
  EXPECT_EQ(user("kwargs.owner, args.0"), "a") << "the first that is there";
  EXPECT_EQ(user("kwargs.owner"), "");
  EXPECT_EQ(user("args.2"), "");
  EXPECT_FALSE(celery_user(""));
  EXPECT_FALSE(celery_user("kwargs..id"));
}

TEST(CeleryMessage, lies_under_a_prefix_that_ends_in_a_separator) {
  EXPECT_EQ(celery_key_prefix(""), "");
  EXPECT_EQ(celery_key_prefix("my"), "my_");
  for (const char* prefix : {"my_", "my:", "my-", "my."}) EXPECT_EQ(celery_key_prefix(prefix), prefix);
}

TEST(CeleryMessage, without_arguments_names_nobody) {
  EXPECT_EQ(
      told(
          R"({"status": "FAILURE", "result": {"exc_type": "NotRegistered", "exc_message": ["x"]}, "name": null, "args": null, "kwargs": null, "task_id": "t"})"),
      R"( failed t {"error":"NotRegistered: x"})");
  EXPECT_EQ(told(R"({"status": "SUCCESS", "result": 1, "traceback": null, "date_done": null, "task_id": "t"})"),
            R"( completed t {"result":1})");
}

TEST(CeleryMessage, may_hold_what_python_alone_calls_json) {
  EXPECT_EQ(told(state("SUCCESS", R"([NaN, Infinity, -Infinity, "NaN", "a\\", "\ud800", "\ud83d\ude80 \udc00"])")),
            R"(42 completed t {"result":[null, null, null, "NaN", "a\\", "\ufffd", "\ud83d\ude80 \ufffd"]})");
}

TEST(CeleryMessage, that_is_no_state_is_refused_with_the_reason) {
  EXPECT_EQ(told("\x80\x04\x95"), "it is a pickle, which is code: set result_serializer to json");
  EXPECT_EQ(told("[]"), "it is no state of a task");
  EXPECT_EQ(told(R"({"status": "SUCCESS", "result": 1})"), "it is no state of a task");
  EXPECT_EQ(told(R"({"result": 1, "task_id": "t"})"), "it is no state of a task");
}

TEST(CeleryMessage, tells_of_a_large_result_without_it) {
  const std::string large = "\"" + std::string(10'000, 'x') + "\"";
  EXPECT_EQ(told(state("SUCCESS", large), reading("kwargs.user_id", 5000)),
            R"(42 completed t {"result":null,"truncated":true})");
  EXPECT_EQ(
      told(state("FAILURE", R"({"exc_type": "E", "exc_message": [)" + large + "]}"), reading("kwargs.user_id", 5000)),
      R"(42 failed t {"error":"E"})");
}

TEST(CeleryMessage, has_a_time_of_iso_8601) {
  EXPECT_EQ(unix_ms_of_iso("1970-01-01T00:00:01.5+00:00"), 1500);
  EXPECT_EQ(unix_ms_of_iso("1970-01-01T00:00:01.123456"), 1123);
  EXPECT_EQ(unix_ms_of_iso("1970-01-01T00:00:01"), 1000);
  EXPECT_EQ(unix_ms_of_iso("1970-01-01T02:00:01+02:00"), 1000);
  EXPECT_EQ(unix_ms_of_iso("1969-12-31T22:00:01-02:00"), 1000);
  for (const char* none : {"", "null", "1970-13-01T00:00:01", "1970-01-01", "soon"}) EXPECT_EQ(unix_ms_of_iso(none), 0);
}

}  // namespace
}  // namespace signalbox::queue::test
