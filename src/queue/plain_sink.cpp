#include "queue/plain_sink.hpp"

#include <utility>

#include "base/json_write.hpp"

namespace signalbox::queue {
namespace {

std::string_view event_of(JobReport::Kind kind) {
  constexpr std::string_view kEvents[] = {"job_progress", "job_completed", "job_failed"};
  return kEvents[std::to_underlying(kind)];
}

std::string data_of(const JobReport& report) {
  std::string out = R"({"jobId":)";
  append_json_string(out, report.job_id);
  if (!report.queue.empty()) {
    out += R"(,"queue":)";
    append_json_string(out, report.queue);
  }
  out += ',';
  append(out, std::string_view(report.members).substr(1));
  return out;
}

Taken taken(EmitError why) {
  switch (why) {
    case EmitError::too_many_unread:
      return Taken::by_user;
    case EmitError::overloaded:
    case EmitError::not_durable:
    case EmitError::stopped:
    case EmitError::unread_full:
    case EmitError::store_full:
      return Taken::later;
    default:
      return Taken::invalid;
  }
}

Taken taken(users::Commit commit) {
  const bool here = commit == users::Commit::durable || commit == users::Commit::nowhere;
  const bool never = commit == users::Commit::too_large || commit == users::Commit::refused;
  return here ? Taken::yes : never ? Taken::invalid : Taken::later;
}

}  // namespace

void PlainSink::tell(JobReport report, Then then) {
  emit({.user = std::move(report.user), .event = std::string(event_of(report.kind)), .data = data_of(report)},
       std::move(then));
}

void PlainSink::emit(WorkerEvent event, Then then) {
  auto frame = users::event_frame_of_text(event.event, event.data, limits_);
  if (!frame) return then(Taken::invalid);
  const bool kept = frame->kept_outcome();
  const users::CommitGroup group = kept ? emitter_.new_group() : 0;
  const auto emitted = emitter_.emit(event.user, *std::move(frame), users::Origin::program, group);
  if (!emitted) return then(taken(emitted.error()));
  if (group == 0) return then(Taken::yes);
  emitter_.when_durable(group, [this, then = std::move(then)](users::Commit commit) mutable {
    static_cast<void>(loop_.post(Message::run([then = std::move(then), commit]() mutable { then(taken(commit)); })));
  });
}

}  // namespace signalbox::queue
