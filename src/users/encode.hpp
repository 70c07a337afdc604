#pragma once
#include <cstddef>
#include <expected>
#include <span>
#include <string>
#include <string_view>

#include <signalbox/config.hpp>
#include <signalbox/job_events.hpp>
#include <signalbox/json.hpp>
#include <signalbox/json_members.hpp>
#include <signalbox/json_text.hpp>
#include <signalbox/utils.hpp>

#include "base/frame.hpp"
#include "users/job_name.hpp"

namespace signalbox::users {

// What is emitted, as one frame for every socket that gets it. Pure; any thread.

/// What is emitted, ready for every socket that gets it.
struct EncodedEvent {
  FrameRef frame;
  /// The name of the job that it is of (see job_name()); empty: no job event, or one that names none.
  std::string_view job_id() const noexcept { return frame->key(); }
  /// Is it kept until its user has received it? An outcome without an id is not: nobody could tell it from others.
  bool kept_outcome() const noexcept { return frame->kind() == FrameKind::outcome && !job_id().empty(); }
  const Frame* operator->() const noexcept { return frame.operator->(); }
};

/// An event of a batch.
struct Emission {
  std::string user;
  EncodedEvent event;
};

/// What a program hands in for one event or acknowledgement. Throws std::invalid_argument where it is too large.
void check_size(std::string_view arguments, std::span<const std::string> attachments);

using FrameResult = std::expected<EncodedEvent, EmitError>;

/// What the configuration allows in an event.
struct EmitLimits {
  EmitLimits(const Config& config = {})  // implicit: a Config will do
      : data_bytes(config.max_payload_bytes), json_depth(config.json_depth) {}

  std::size_t data_bytes;
  std::size_t json_depth;
};

/// 1 to 256 bytes of UTF-8 without control characters: what a token may call a user.
bool valid_user_id(std::string_view id) noexcept;
/// Nothing if a server may emit an event of this name: 1 to 256 bytes of UTF-8, not one that Socket.IO reserves.
std::expected<void, EmitError> check_event_name(std::string_view name);

/// The typed events write their JSON straight into the frame.
FrameResult job_frame(const JobProgress& job, const EmitLimits& limits);
FrameResult job_frame(const JobCompleted& job, const EmitLimits& limits);
FrameResult job_frame(const JobFailed& job, const EmitLimits& limits);

/// What an event of that name is: progress of a job, its outcome, or any other.
FrameKind kind_of(std::string_view event) noexcept;
/// The event that tells of it.
std::string_view event_of(QueueWord::Kind kind);
/// What a queue says of one of its jobs: {"jobId","queue"} and then the members of `members`, which is the text of an
/// object; without "queue" where the job's is empty. Its frame says that it is a queue's.
FrameResult queue_frame(const JobName& job, const QueueWord& word, std::string_view members, const EmitLimits& limits);

/// 42["event",data]. A job event's kind and key come from its name and from data.jobId, whichever way it was emitted.
/// Of every job event the id is of at most 256 bytes: it stays in memory as long as the job.
FrameResult event_frame(std::string_view event, const json& data, const EmitLimits& limits);
FrameResult event_frame(std::string_view event, JsonMembers data, const EmitLimits& limits);
/// The same for everybody: no user's and no job's, whatever its name.
FrameRef notice_of(EncodedEvent event);
/// The same as event_frame() for JSON text, which is relayed as these bytes once it is known to be right.
FrameResult event_frame_of_text(std::string_view event, const JsonView& data, const EmitLimits& limits);
/// The same for a name and a text that are known to be right.
FrameResult checked_event_frame(std::string_view event, std::string_view data);
/// 42["event",a,b,…] for the text of an array of none, one or several arguments, checked as event_frame_of_text()
/// checks its data; MAX_PAYLOAD_BYTES is of all of them. A job event is of the job that the first one names.
FrameResult event_frame_of_arguments(std::string_view event, const JsonView& array, const EmitLimits& limits,
                                     StreamPlace place = 0);
/// The opposite: ["event",a,b,…] of an event's frame; empty for what is none, or is not in memory.
std::string_view event_array(const Frame& frame);

}  // namespace signalbox::users
