#include "server/admin/user_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/json_write.hpp"
#include "hub/local_sockets.hpp"
#include "server/admin/first_shard.hpp"
#include "server/answers.hpp"

namespace signalbox::server::admin {
namespace {

constexpr std::size_t kMostSockets = 50;    ///< that are shown
constexpr std::size_t kSocketsATask = 128;  ///< so that a shard serves others between

/// By shard, not too many in one.
std::vector<std::vector<SocketRef>> parts_of(std::vector<SocketRef> sockets) {
  std::ranges::sort(sockets, {}, &SocketRef::shard);
  std::vector<std::vector<SocketRef>> parts;
  for (const SocketRef& socket : sockets) {
    const bool fits =
        !parts.empty() && parts.back().size() < kSocketsATask && parts.back().front().shard == socket.shard;
    if (!fits) parts.emplace_back();
    parts.back().push_back(socket);
  }
  return parts;
}

void append_socket(std::string& body, const hub::SocketSight& socket) {
  if (body.back() == '}') body += ',';
  body += R"({"id":)";
  append_json_string(body, socket.id);
  body += R"(,"namespace":)";
  append_json_string(body, socket.nsp);
  body += fmt::format(R"(,"transport":"{}","since":{},"waitingBytes":{},"shard":{},"address":)",
                      socket.websocket ? "websocket" : "polling", socket.since_ms, socket.waiting, socket.shard);
  append_json_string(body, socket.address);
  body += R"(,"forwardedFor":)";
  socket.forwarded_for.empty() ? append(body, "null") : append_json_string(body, socket.forwarded_for);
  body += '}';
}

/// What is known of the user without asking.
struct Known {
  std::string user;
  bool online;
  std::size_t connections, more;
};

std::string report_of(const Known& known, Gathered found) {
  std::string body = R"({"userId":)";
  append_json_string(body, known.user);
  body += fmt::format(R"(,"online":{},"connections":{},"nodes":[)", known.online, known.connections);
  for (const std::string& node : found.nodes) {
    if (body.back() != '[') body += ',';
    append_json_string(body, node);
  }
  body += R"(],"sockets":[)";
  std::ranges::sort(found.sockets, {},
                    [](const auto& each) { return std::pair(each.since_ms, std::string_view(each.id)); });
  for (const hub::SocketSight& socket : found.sockets) append_socket(body, socket);
  body += fmt::format(R"(],"more":{})", known.more);
  if (!found.whole) body += R"(,"incomplete":true)";
  return body += '}';
}

}  // namespace

/// Brings a part of an answer to the first shard, from any thread.
template <class Put>
void UserReport::bring(std::uint64_t number, Put put) {
  run_on_first_shard(hub_, [this, number, put = std::move(put)]() mutable { gathering_.add(number, std::move(put)); });
}

/// Has these sockets' shard look at them. `look` returns what is to be put to the rest.
template <class Look>
void UserReport::ask(std::uint64_t number, std::vector<SocketRef> part, Look look) {
  const unsigned shard = part.front().shard;
  auto task = [this, number, &local = *hub_.shards[shard], part = std::move(part), look] {
    bring(number, look(local, part));
  };
  static_cast<void>(hub_.mailboxes.post(shard, Message::run(std::move(task))));
}

void UserReport::look_up(std::string user, const net::RequestId& id, TimePoint now) {
  std::vector<SocketRef> sockets = hub::sockets_of(hub_, user);
  const std::size_t shown = std::min(sockets.size(), kMostSockets);
  const Known known{.user = user,
                    .online = hub_.directory.presence.online(user),
                    .connections = hub_.directory.sockets.connections(user),
                    .more = sockets.size() - shown};
  sockets.resize(shown);
  auto parts = parts_of(std::move(sockets));
  const std::uint64_t number = gathering_.begin(
      parts.size() + (cluster_ ? 1 : 0), now,
      [this, known, id](Gathered found) { answer_(id, json_response(200, report_of(known, std::move(found)))); });
  for (auto& part : parts) {
    ask(number, std::move(part), [](const hub::LocalSockets& local, std::span<const SocketRef> refs) {
      return [sights = hub::look_at(local, refs)](Gathered& rest) mutable {
        std::ranges::move(sights, std::back_inserter(rest.sockets));
      };
    });
  }
  if (!cluster_) return;
  cluster_->nodes_of(std::move(user), [this, number](std::vector<std::string> nodes) {
    bring(number, [nodes = std::move(nodes)](Gathered& rest) mutable { rest.nodes = std::move(nodes); });
  });
}

void UserReport::disconnect(std::string_view user, const net::RequestId& id, TimePoint now) {
  auto parts = parts_of(hub::sockets_of(hub_, user));
  const std::uint64_t number = gathering_.begin(parts.size(), now, [this, id](const Gathered& found) {
    answer_(id, json_response(200, fmt::format(R"({{"disconnected":{}}})", found.disconnected)));
  });
  for (auto& part : parts) {
    ask(number, std::move(part), [](const hub::LocalSockets& local, std::span<const SocketRef> refs) {
      return [count = hub::disconnect_all(local, refs)](Gathered& rest) { rest.disconnected += count; };
    });
  }
}

}  // namespace signalbox::server::admin
