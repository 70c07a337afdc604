// What Redis says of jobs, which anybody may have written: the entries of streams, messages, hashes and what we
// remembered there. Nothing of it ends the program, and what a browser gets of it is JSON.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "base/assert.hpp"
#include "base/json_check.hpp"
#include "queue/bull_message.hpp"
#include "queue/bullmq_entry.hpp"
#include "queue/job_members.hpp"
#include "queue/json_path.hpp"
#include "queue/outbox_entry.hpp"
#include "queue/queue_scan.hpp"
#include "queue/remembered_job.hpp"
#include "queue/stream_begin.hpp"
#include "redis/reply_reader.hpp"
#include "users/encode.hpp"
#include "users/job_name.hpp"

using namespace signalbox;
using namespace signalbox::queue;

namespace {

constexpr std::size_t kDepth = 8;

void check_members(std::string_view value) {
  for (const std::string& members : {progress_members(value, kDepth), completed_members(value, kDepth)})
    SB_ASSERT(members.starts_with('{') && valid_json(members, kDepth + 1));
  SB_ASSERT(valid_json(failed_members(value), 1));
}

void check_step(const JobStep& step) {
  SB_ASSERT(!step.job.empty());
  check_members(step.value);
}

/// A job's name with its tail, as it comes from the store, from Redis and from other nodes.
void check_name(std::string_view bytes) {
  const FrameRef frame = text_frame("4", FrameKind::outcome, bytes.substr(0, users::kMostNameBytes));
  if (const auto word = users::queue_word(*frame)) {
    const users::JobName name = users::job_name(frame->key());
    std::string again;
    users::append_queue_name(again, name, *word);
    const FrameRef same = text_frame("4", FrameKind::outcome, again);
    SB_ASSERT(users::queue_word(*same) == word && users::job_name(same->key()).id == name.id);
  }
  SB_ASSERT(users::stream_place(*frame) <= users::kLastPlace);
}

void check_outbox(redis::Reply entry) {
  constexpr OutboxLimits kLimits{.data_bytes = 2000, .json_depth = kDepth};
  const auto read = read_outbox_entry(std::move(entry), kLimits);
  if (read.event)
    SB_ASSERT(users::valid_user_id(read.event->user) && valid_json(read.event->arguments, kDepth + 1));
  else
    SB_ASSERT(!read.event.error().empty());
}

void check_texts(std::string_view bytes) {
  static const JsonPaths users = JsonPaths::parse("data.userId,data.a.0.b", {"data"}).value();
  check_members(bytes);
  if (const auto user = users.find("data", bytes)) SB_ASSERT(!user->empty());
  if (const auto job = RememberedJob::parse(bytes)) {
    const auto again = RememberedJob::parse(to_text(*job));
    SB_ASSERT(again && again->user == job->user && again->ended == job->ended);
  }
  if (const auto name = queue_in(bytes, "bull:", ":meta")) SB_ASSERT(!name->empty() && !name->contains(':'));
  for (const std::string_view event : {"progress", "completed", "failed"}) {
    if (const auto step = read_bull_message(event, bytes)) check_step(*step);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  check_texts(bytes);
  check_name(bytes);
  redis::ReplyReader reader({.bytes = 4096, .elements = 256});
  reader.feed(bytes);
  for (auto reply = reader.next(); reply && *reply; reply = reader.next()) {
    if (const auto stream = read_stream_state(**reply)) {
      static_cast<void>(begin_of(*stream, stream->first, std::nullopt));
      static_cast<void>(begin_of(*stream, std::nullopt, stream->first));
    }
    check_outbox(**reply);
    const ReadEntries read = take_bullmq_entries(**reply);
    for (const JobStep& step : read.steps) check_step(step);
  }
  return 0;
}
