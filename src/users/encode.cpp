#include "users/encode.hpp"

#include <algorithm>
#include <stdexcept>
#include <string>

#include <signalbox/config.hpp>

#include "base/eight_bytes.hpp"
#include "base/json_check.hpp"
#include "base/json_members.hpp"
#include "base/json_scan.hpp"
#include "base/json_value.hpp"
#include "base/json_write.hpp"
#include "base/utf8.hpp"
#include "socketio/arguments_text.hpp"
#include "socketio/packet.hpp"

namespace signalbox::users {
namespace {

constexpr std::size_t kMaxUserBytes = 256;
constexpr std::size_t kMaxEventBytes = 256;
constexpr std::size_t kKeptBytes = 64 * 1024;  ///< a buffer that grew beyond this is not kept for the thread

/// A buffer to write a packet in: one a thread, since an event is built on whatever thread emits.
class Writer {
 public:
  Writer() : out_(buffer()) { out_.clear(); }
  ~Writer() {
    if (out_.capacity() > kKeptBytes) std::string().swap(out_);
  }
  std::string& out() { return out_; }
  /// `id_at`: where the job's id was written, unless it had to be escaped.
  FrameResult event(FrameKind kind, std::string_view job_id, std::size_t id_at) const {
    if (job_id.size() > kMostJobBytes || !valid_utf8(job_id)) return std::unexpected(EmitError::invalid_job);
    const std::string_view written = std::string_view(out_).substr(id_at, job_id.size());
    return EncodedEvent{text_frame(out_, kind, written == job_id ? written : job_id)};
  }

 private:
  static std::string& buffer() {
    thread_local std::string one;
    return one;
  }
  std::string& out_;
};

std::expected<void, EmitError> append_extra(std::string& out, const json& extra, const EmitLimits& limits) {
  if (!extra.is_object()) return std::unexpected(EmitError::invalid_json);
  for (const auto& [name, value] : extra.items()) {
    if (name == "jobId" || name == "progress" || name == "status") continue;  // the event's own say what is true
    out += ',';
    append_json_string(out, name);
    out += ':';
    if (!append_json(out, value, limits.json_depth - 1)) return std::unexpected(EmitError::invalid_json);
  }
  return {};
}

/// The job that a job event's data names, as text: a view of the data, or of `undone` if its id has escapes. Empty if
/// none. Of several the last, as a browser has it.
std::string_view job_of(FrameKind kind, std::string_view data, std::string& undone) {
  const auto id = kind == FrameKind::event ? std::nullopt : json_member(data, "jobId");
  if (!id) return {};
  if (const auto text = json_string_view(*id, undone)) return *text;
  return json_is_integer(*id) ? std::string_view(*id) : std::string_view();
}

/// `made`: where the digits of an integer are put.
std::string_view job_id(const json& value, std::string& made) {
  if (value.is_string()) return value.get_ref<const std::string&>();
  if (value.is_number_integer()) append_json(made, value, 0);
  return made;
}

std::string_view job_of(FrameKind kind, const json& data, std::string& made) {
  const auto id = kind == FrameKind::event ? data.end() : data.find("jobId");
  return id == data.end() ? std::string_view() : job_id(*id, made);
}

std::string_view job_of(FrameKind kind, JsonMembers data, std::string& made) {
  if (kind == FrameKind::event) return {};
  const auto* const id = std::ranges::find(data, "jobId", &JsonMember::name);
  if (id == data.end()) return {};
  const JsonMember::Value& value = id->value();
  if (const auto* const text = std::get_if<std::string_view>(&value)) return *text;
  if (const auto* const one = std::get_if<const json*>(&value)) return job_id(**one, made);
  if (const auto* const number = std::get_if<std::int64_t>(&value)) append_int(made, *number);
  if (const auto* const number = std::get_if<std::uint64_t>(&value)) append_unsigned(made, *number);
  return made;
}

/// The key as a slice of a text that has it near its beginning but behind `from`, for which a frame needs no more
/// memory.
std::string_view slice(std::string_view text, std::string_view key, std::size_t from) {
  const std::size_t at = text.substr(0, UINT8_MAX).find(key, from);
  return at == std::string_view::npos ? key : text.substr(at, key.size());
}

/// `values` stand in the packet as they are, with commas between; `first` is the first of them.
FrameResult frame_of(std::string_view event, std::string_view values, std::string_view first, StreamPlace place = 0) {
  const FrameKind kind = kind_of(event);
  std::string made;  // what does not stand in the values as it is
  std::string_view job = job_of(kind, first, made);
  if (job.size() > kMostJobBytes) return std::unexpected(EmitError::invalid_job);
  if (place != 0 && !job.empty()) {
    std::string tailed(job);
    append_stream_tail(tailed, place);
    job = made = std::move(tailed);
  }
  Writer writer;
  std::string& out = writer.out();
  out += "42[";
  append_json_string(out, event);
  if (!values.empty()) out += ',';
  return EncodedEvent{make_frame(false, kind, job, out, values, "]")};
}

/// `data` is written straight into the frame.
template <class Data>
FrameResult written_frame(std::string_view event, const Data& data, const EmitLimits& limits) {
  if (const auto ok = check_event_name(event); !ok) return std::unexpected(ok.error());
  Writer writer;
  std::string& out = writer.out();
  out += "42[";
  append_json_string(out, event);
  out += ',';
  const std::size_t begin = out.size();
  if (!append_json(out, data, limits.json_depth)) return std::unexpected(EmitError::invalid_json);
  if (out.size() - begin > limits.data_bytes) return std::unexpected(EmitError::too_large);
  out += ']';
  const FrameKind kind = kind_of(event);
  std::string digits;
  const std::string_view job = job_of(kind, data, digits);
  if (job.size() > kMostJobBytes || !valid_utf8(job)) return std::unexpected(EmitError::invalid_job);
  return EncodedEvent{text_frame(out, kind, slice(out, job, begin))};
}

}  // namespace

FrameKind kind_of(std::string_view event) noexcept {
  if (event == events::job_progress) return FrameKind::progress;
  return event == events::job_completed || event == events::job_failed ? FrameKind::outcome : FrameKind::event;
}

std::string_view event_of(QueueWord::Kind kind) {
  return kind == QueueWord::Kind::progress    ? events::job_progress
         : kind == QueueWord::Kind::completed ? events::job_completed
                                              : events::job_failed;
}

bool valid_user_id(std::string_view id) noexcept {
  if (id.empty() || id.size() > kMaxUserBytes) return false;
  if (printable_ascii(id)) return true;
  const auto control = [](char c) { return (c >= 0 && c < 0x20) || c == 0x7F; };
  return std::ranges::none_of(id, control) && valid_utf8(id);
}

void check_size(std::string_view arguments, std::span<const std::string> attachments) {
  const auto fits = [](std::string_view bytes) { return bytes.size() <= kMaxMessageBytes; };
  if (!fits(arguments) || !std::ranges::all_of(attachments, fits))
    throw std::invalid_argument(
        "The arguments of an event or acknowledgement, and each attachment, are of 1 GiB at most.");
}

std::expected<void, EmitError> check_event_name(std::string_view name) {
  if (name.empty() || name.size() > kMaxEventBytes || !valid_utf8(name))
    return std::unexpected(EmitError::invalid_event);
  if (socketio::reserved_event(name)) return std::unexpected(EmitError::reserved_event);
  return {};
}

FrameResult job_frame(const JobProgress& job, const EmitLimits& limits) {
  Writer writer;
  std::string& out = writer.out();
  append(out, R"(42["job_progress",{"jobId":)");
  const std::size_t id_at = out.size() + 1;
  append_json_string(out, job.job_id);
  append(out, R"(,"progress":)");
  append_double(out, job.progress);
  append(out, R"(,"status":)");
  append_json_string(out, job.status);
  if (!job.extra.is_null()) {
    if (const auto ok = append_extra(out, job.extra, limits); !ok) return std::unexpected(ok.error());
  }
  append(out, "}]");
  if (out.size() > limits.data_bytes) return std::unexpected(EmitError::too_large);
  return writer.event(FrameKind::progress, job.job_id, id_at);
}

FrameResult job_frame(const JobCompleted& job, const EmitLimits& limits) {
  Writer writer;
  std::string& out = writer.out();
  out += R"(42["job_completed",{"jobId":)";
  const std::size_t id_at = out.size() + 1;
  append_json_string(out, job.job_id);
  out += R"(,"result":)";
  if (!append_json(out, job.result, limits.json_depth - 1)) return std::unexpected(EmitError::invalid_json);
  out += "}]";
  if (out.size() > limits.data_bytes) return std::unexpected(EmitError::too_large);
  return writer.event(FrameKind::outcome, job.job_id, id_at);
}

FrameResult job_frame(const JobFailed& job, const EmitLimits& limits) {
  Writer writer;
  std::string& out = writer.out();
  out += R"(42["job_failed",{"jobId":)";
  const std::size_t id_at = out.size() + 1;
  append_json_string(out, job.job_id);
  out += R"(,"error":)";
  append_json_string(out, job.error);
  out += "}]";
  if (out.size() > limits.data_bytes) return std::unexpected(EmitError::too_large);
  return writer.event(FrameKind::outcome, job.job_id, id_at);
}

FrameResult queue_frame(const JobName& job, const QueueWord& word, std::string_view members, const EmitLimits& limits) {
  const auto fits = [](std::string_view text, std::size_t most) { return text.size() <= most && valid_utf8(text); };
  if (job.id.empty() || !fits(job.id, kMostJobBytes) || !fits(job.queue, kMostQueueBytes))
    return std::unexpected(EmitError::invalid_job);
  if (!members.starts_with('{') || !members.ends_with('}') || !valid_json(members, limits.json_depth))
    return std::unexpected(EmitError::invalid_json);
  Writer writer;
  std::string& out = writer.out();
  append(out, R"(42[")");
  append(out, event_of(word.kind));
  append(out, R"(",{"jobId":)");
  append_json_string(out, job.id);
  if (!job.queue.empty()) {
    append(out, R"(,"queue":)");
    append_json_string(out, job.queue);
  }
  const std::string_view inner = members.substr(1, members.size() - 2);
  if (inner.find_first_not_of(" \t\r\n") != std::string_view::npos) (out += ',') += inner;
  append(out, "}]");
  const std::size_t size = out.size();
  if (size > limits.data_bytes) return std::unexpected(EmitError::too_large);
  append_queue_name(out, job, word);
  const std::string_view all = out;
  const FrameKind kind = word.ends() ? FrameKind::outcome : FrameKind::progress;
  return EncodedEvent{text_frame(all.substr(0, size), kind, all.substr(size))};
}

FrameResult checked_event_frame(std::string_view event, std::string_view data) {
  return frame_of(event, data, data);
}

FrameResult event_frame_of_arguments(std::string_view event, const JsonView& array, const EmitLimits& limits,
                                     StreamPlace place) {
  constexpr std::size_t kBrackets = 2;
  if (const auto ok = check_event_name(event); !ok) return std::unexpected(ok.error());
  if (array.size() > limits.data_bytes + kBrackets) return std::unexpected(EmitError::too_large);
  if (!socketio::is_arguments(array, limits.json_depth)) return std::unexpected(EmitError::invalid_json);
  return frame_of(event, socketio::without_brackets(array), json_first(array), place);
}

std::string_view event_array(const Frame& frame) {
  const std::string_view packet = frame.packet();
  return !frame.binary() && packet.starts_with("42[") ? packet.substr(2) : std::string_view();
}

FrameResult event_frame(std::string_view event, const json& data, const EmitLimits& limits) {
  return written_frame(event, data, limits);
}

FrameResult event_frame(std::string_view event, JsonMembers data, const EmitLimits& limits) {
  return written_frame(event, data, limits);
}

FrameRef notice_of(EncodedEvent event) {
  if (event.frame->kind() == FrameKind::event) return std::move(event.frame);
  return text_frame(event.frame->packet());
}

FrameResult event_frame_of_text(std::string_view event, const JsonView& data, const EmitLimits& limits) {
  if (const auto ok = check_event_name(event); !ok) return std::unexpected(ok.error());
  if (data.size() > limits.data_bytes) return std::unexpected(EmitError::too_large);
  if (!valid_json(data, limits.json_depth)) return std::unexpected(EmitError::invalid_json);
  return checked_event_frame(event, data);
}

}  // namespace signalbox::users

namespace signalbox {

std::string_view to_text(EmitError error) noexcept {
  switch (error) {
    case EmitError::overloaded:
      return "The server is overloaded: try again in a moment.";
    case EmitError::stopped:
      return "The server is not running.";
    case EmitError::invalid_json:
      return "The data is not JSON that a browser can read.";
    case EmitError::too_large:
      return "The data is larger than MAX_PAYLOAD_BYTES.";
    case EmitError::invalid_event:
      return "An event's name is UTF-8 text of 1 to 256 bytes.";
    case EmitError::reserved_event:
      return "Socket.IO keeps this event's name for itself.";
    case EmitError::too_many_unread:
      return "The user has UNREAD_OUTCOMES_PER_USER unread outcomes: further ones are refused until some are received.";
    case EmitError::store_full:
      return "More outcomes wait for the disk than STORE_QUEUE_BYTES: try again in a moment.";
    case EmitError::not_durable:
      return "The store cannot write at present: outcomes are refused until it can.";
    case EmitError::invalid_user:
      return "A user's id is UTF-8 text of 1 to 256 bytes without control characters.";
    case EmitError::unread_full:
      return "The unread outcomes of all users take UNREAD_TOTAL_BYTES: outcomes are refused until some are received.";
    case EmitError::invalid_job:
      return "A job's id is text of at most 256 bytes, or an integer of as many digits.";
  }
  return "unknown error";
}

}  // namespace signalbox
