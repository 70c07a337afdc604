#include "hub/socket_questions.hpp"

#include <algorithm>
#include <expected>
#include <span>
#include <vector>

#include "base/json_scan.hpp"
#include "base/json_write.hpp"
#include "base/whole_number.hpp"
#include "hub/client.hpp"
#include "hub/local_sockets.hpp"
#include "users/encode.hpp"

namespace signalbox::hub {
namespace {

using users::OnlinePages;

constexpr std::size_t kMaxAnswer = std::size_t{1} << 30;  ///< whatever SEND_QUEUE_BYTES says: a frame holds no more
constexpr std::size_t kLongId = 1024;                     ///< longer than any job's: not kept to be looked up
constexpr std::string_view kWrongJobs =
    "jobs takes an object with after, the `next` of an answer, and limit, a whole number from 1 to 1000; or nothing.";
constexpr std::string_view kWrongPresence =
    "presence takes an object with after, a user id, and limit, a whole number from 1 to 10000; or nothing.";
constexpr std::string_view kPresenceOff = "PRESENCE_EVENTS is off: this server tells nobody who is online.";

/// Calls `take` with `{after, limit}`, each one that is there. False: it is neither such an object nor null, or `take`
/// did not want a value.
template <class Take>
bool read_options(std::string_view options, Take take) {
  if (options == "null") return true;
  JsonItems members(options);
  if (!members.is_object()) return false;
  while (const auto member = members.next()) {
    const bool after = members.named("after");
    if ((after || members.named("limit")) && !take(after, *member)) return false;
  }
  return true;
}

template <class Number>
bool read_number(std::string_view text, Number least, Number most, Number& number) {
  const auto read = whole_number<Number>(text);
  if (!read || *read < least || *read > most) return false;
  number = *read;
  return true;
}

std::expected<users::JobQuery, std::string_view> read_jobs(std::string_view options) {
  users::JobQuery query;
  const bool right = read_options(options, [&](bool after, std::string_view value) {
    return after ? read_number<std::uint64_t>(value, 0, UINT64_MAX, query.after)
                 : read_number<std::size_t>(value, 1, users::JobQuery::kMost, query.limit);
  });
  if (!right) return std::unexpected(kWrongJobs);
  return query;
}

users::JobQuery read_job_status(std::string_view id) {
  return {.job_id = json_string(id).value_or(std::string(id))};
}

struct PresenceQuery {
  std::string after{};
  std::size_t limit = OnlinePages::kLimit;
};

std::expected<PresenceQuery, std::string_view> read_presence(std::string_view options) {
  PresenceQuery query;
  const bool right = read_options(options, [&](bool after, std::string_view value) {
    if (!after) return read_number<std::size_t>(value, 1, OnlinePages::kMost, query.limit);
    query.after = json_string(value).value_or("");
    return value == R"("")" || users::valid_user_id(query.after);
  });
  if (!right) return std::unexpected(kWrongPresence);
  return query;
}

std::size_t most_of_an_answer(const SocketState& socket) {
  return std::min(socket.client().hub().config.send_queue_bytes, kMaxAnswer);
}

void answer_error(SocketState& socket, std::uint64_t ack_id, std::string_view sentence) {
  std::string answer = R"([{"error":)";
  append_json_string(answer, sentence);
  socket.outbox().send_ack(ack_id, answer += "}]", {});
}

/// How many bytes that are.
std::size_t give(SocketState& socket, std::uint64_t ack_id, std::string answer, std::size_t looked_at) {
  answer += ']';
  const Questions::Cost cost{.bytes = answer.size(), .looked_at = looked_at};
  socket.client().pace().spend_answer(socket.client(), cost.in_bytes());
  socket.outbox().send_ack(ack_id, answer, {});
  return answer.size();
}

std::size_t give_jobs(SocketState& socket, std::uint64_t ack_id, const std::optional<std::string>& job_id,
                      const users::JobPage& page) {
  std::string answer = "[";
  answer.reserve(users::json_bytes_at_most(page) + 64);
  if (!job_id) {
    users::append_jobs(answer, page);
  } else {
    answer += users::job_json(page, *job_id);
  }
  if (page.next != 0) (answer.append(R"(,{"next":)") += std::to_string(page.next)) += '}';
  return give(socket, ack_id, std::move(answer), page.looked_at);
}

std::size_t give_presence(SocketState& socket, std::uint64_t ack_id, std::size_t count,
                          std::span<const std::string> online) {
  std::string answer = "[";
  users::append_online(answer, count, online, most_of_an_answer(socket));
  return give(socket, ack_id, std::move(answer), count);
}

/// Why not; empty: it may.
std::string_view may_not_ask(const SocketState& socket) {
  const Link& link = socket.client().link();
  std::string_view why;
  if (socket.client().local().questions().asks(link))
    why = "One question at a time: ask again when the other is answered.";
  if (link.waiting() >= socket.client().hub().config.send_queue_bytes)
    why = "SEND_QUEUE_BYTES wait for this client: ask again when it has read them.";
  if (!why.empty()) {
    socket.client().hub().limits.questions.reached(
        {{"user", std::string(socket.owner().id())}, {"why", std::string(why)}});
  }
  return why;
}

void ask(SocketState& socket, std::move_only_function<void(Questions::Answered)> answer) {
  socket.client().local().questions().ask({.user = std::string(socket.owner().id()),
                                           .link = &socket.client().link(),
                                           .bytes = most_of_an_answer(socket),
                                           .answer = std::move(answer)});
}

void answer_jobs(SocketState& socket, std::uint64_t ack_id, std::expected<users::JobQuery, std::string_view> query) {
  const std::string_view error = query ? may_not_ask(socket) : query.error();
  if (!error.empty()) return answer_error(socket, ack_id, error);
  if (query->job_id && query->job_id->size() > kLongId) {
    static_cast<void>(give_jobs(socket, ack_id, query->job_id, {}));
    return;
  }
  query->bytes = most_of_an_answer(socket);
  ask(socket, [&hub = socket.client().hub(), ref = socket.ref(), ack_id, user = std::string(socket.owner().id()),
               query = std::move(*query)](Questions::Answered answered) mutable {
    auto take = [&hub, ref, ack_id, job = query.job_id,
                 answered = std::move(answered)](const users::JobPage& page) mutable {
      SocketState* still = hub.find(ref);
      answered({.bytes = still ? give_jobs(*still, ack_id, job, page) : 0, .looked_at = page.looked_at});
    };
    hub.directory.reader.ask(user, std::move(query), ref.shard, std::move(take));
  });
}

void answer_presence(SocketState& socket, std::uint64_t ack_id, std::string_view options) {
  auto query = read_presence(options);
  if (query && !socket.client().hub().config.presence_events) query = std::unexpected(kPresenceOff);
  const std::string_view error = query ? may_not_ask(socket) : query.error();
  if (!error.empty()) return answer_error(socket, ack_id, error);
  ask(socket, [&hub = socket.client().hub(), ref = socket.ref(), ack_id,
               query = std::move(*query)](Questions::Answered answered) mutable {
    auto take = [&hub, ref, ack_id, answered = std::move(answered)](const std::vector<std::string>& online) mutable {
      const std::size_t count = hub.directory.presence.online_count();
      SocketState* still = hub.find(ref);
      answered({.bytes = still ? give_presence(*still, ack_id, count, online) : 0, .looked_at = count});
    };
    hub.online.ask(ref.shard, std::move(query.after), query.limit, std::move(take));
  });
}

/// What `["jobs", options]` asks with.
std::string_view first_argument(std::string_view payload, std::string_view otherwise) {
  JsonItems items(payload);
  static_cast<void>(items.next());  // the event's name
  return items.next().value_or(otherwise);
}

}  // namespace

bool answer_question(SocketState& socket, const socketio::EventView& event, const socketio::PacketView& packet) {
  const bool of_one = event.name == "job_status", of_all = event.name == "jobs";
  const bool is_question = of_one || of_all || event.name == "presence";
  if (!is_question || !socket.owner().joins_directory(socket.nsp())) return false;
  if (socket.nsp().handlers.contains(event.name)) return false;
  if (!packet.ack_id) return true;  // nobody waits for the answer
  const std::string_view argument = first_argument(packet.payload, of_one ? R"("")" : "null");
  if (of_one) {
    answer_jobs(socket, *packet.ack_id, read_job_status(argument));
  } else if (of_all) {
    answer_jobs(socket, *packet.ack_id, read_jobs(argument));
  } else {
    answer_presence(socket, *packet.ack_id, argument);
  }
  return true;
}

}  // namespace signalbox::hub
