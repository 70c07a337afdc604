#include <algorithm>
#include <expected>

#include "base/json_scan.hpp"
#include "base/json_write.hpp"
#include "base/whole_number.hpp"
#include "hub/client.hpp"
#include "hub/local_sockets.hpp"
#include "hub/socket_state.hpp"

// The questions about a user's jobs that every client may ask: `jobs` and `job_status`. A question costs its asker: one
// at a time, none while much waits for the client, those of all connections of a user one after the other
// (JobQuestions), and what the answer takes counts in what the client may send.
namespace signalbox::hub {
namespace {

constexpr std::size_t kMaxAnswer = std::size_t{1} << 30;  ///< whatever SEND_QUEUE_BYTES says: a frame holds no more
constexpr std::size_t kLongId = 1024;                     ///< longer than any job's: not kept to be looked up
constexpr std::string_view kWrongOptions =
    "jobs takes an object with after, the `next` of an answer, and limit, a whole number from 1 to 1000; or nothing.";

/// {after, limit}
std::expected<users::JobQuery, std::string_view> read_options(std::string_view options) {
  users::JobQuery query;
  if (options == "null") return query;
  JsonItems members(options);
  if (!members.is_object()) return std::unexpected(kWrongOptions);
  while (const auto member = members.next()) {
    const bool after = members.named("after"), limit = members.named("limit");
    if (!after && !limit) continue;
    const auto number = whole_number<std::uint64_t>(*member);
    if (!number || (limit && (*number < 1 || *number > users::JobQuery::kMost))) return std::unexpected(kWrongOptions);
    (after ? query.after : query.limit) = *number;
  }
  return query;
}

/// What `["jobs", options]` or `["job_status", jobId]` asks for.
std::expected<users::JobQuery, std::string_view> read_query(bool of_one, std::string_view payload) {
  JsonItems items(payload);
  static_cast<void>(items.next());  // the event's name
  const auto argument = items.next();
  if (!of_one) return read_options(argument.value_or("null"));
  const std::string_view id = argument.value_or("\"\"");
  return users::JobQuery{.job_id = json_string(id).value_or(std::string(id))};
}

}  // namespace

bool SocketState::answers_about_jobs(const socketio::EventView& event, const socketio::PacketView& packet) {
  const bool of_one = event.name == "job_status", of_all = event.name == "jobs";
  if (!user_ || !(of_one || of_all) || nsp().handlers.contains(event.name)) return false;
  if (!packet.ack_id) return true;  // nobody waits for the answer
  auto query = read_query(of_one, packet.payload);
  const std::string_view error = query ? may_not_ask() : query.error();
  if (!error.empty()) {
    std::string answer = R"([{"error":)";
    append_json_string(answer, error);
    send_ack(*packet.ack_id, answer += "}]", {});
    return true;
  }
  if (query->job_id && query->job_id->size() > kLongId) {
    answer(*packet.ack_id, query->job_id, {});
    return true;
  }
  query->bytes = std::min(config().send_queue_bytes, kMaxAnswer);
  auto take = [&hub = client().hub(), ref = ref(), ack_id = *packet.ack_id,
               job = query->job_id](const users::JobPage& page) {
    SocketState* still = hub.find(ref);
    return still ? still->answer(ack_id, job, page) : 0;
  };
  client().local().questions().ask(
      client().hub().directory,
      {.user = user_->id, .query = std::move(*query), .link = &client().link(), .answer = std::move(take)});
  return true;
}

/// Why not; empty: it may.
std::string_view SocketState::may_not_ask() const {
  std::string_view why;
  if (client().local().questions().asks(client().link()))
    why = "One question about jobs at a time: ask again when the other is answered.";
  if (client().link().waiting() >= config().send_queue_bytes)
    why = "SEND_QUEUE_BYTES wait for this client: ask again when it has read them.";
  if (!why.empty()) {
    client().hub().limits.questions.reached({{"user", std::string(user_id())}, {"why", std::string(why)}});
  }
  return why;
}

std::size_t SocketState::answer(std::uint64_t ack_id, const std::optional<std::string>& job_id,
                                const users::JobPage& page) {
  std::string answer = "[";
  answer.reserve(users::json_bytes_at_most(page) + 64);
  if (!job_id) {
    users::append_jobs(answer, page);
  } else {
    answer += users::job_json(page, *job_id);
  }
  if (page.next != 0) (answer.append(R"(,{"next":)") += std::to_string(page.next)) += '}';
  answer += ']';
  client().spend_answer(answer.size() + JobQuestions::kLookBytes * page.looked_at);
  send_ack(ack_id, answer, {});
  return answer.size();
}

}  // namespace signalbox::hub
