#include "hub/traces.hpp"

#include <algorithm>
#include <utility>

#include "hub/client.hpp"
#include "hub/local_sockets.hpp"
#include "hub/socket_state.hpp"
#include "hub/traced_client.hpp"
#include "hub/user_sockets.hpp"

namespace signalbox::hub {

Traces::Traces(LocalSockets& local) : local_(local) {}
Traces::~Traces() = default;

void Traces::begin(Order order) {
  const std::string user = order.user;
  traces_.push_back({.order = std::move(order)});
  for (const SocketRef& ref : sockets_of(local_.hub(), user)) {
    if (ref.shard != local_.shard()) continue;
    SocketState* socket = local_.find(ref.slot, ref.generation);
    if (socket && socket->welcomed() && !socket->left()) of(socket->client()).add(*socket);
  }
}

void Traces::end(std::uint64_t number) {
  const auto ended = std::ranges::find(traces_, number, [](const Trace& each) { return each.order.number; });
  if (ended == traces_.end()) return;
  const std::string user = std::move(ended->order.user);
  traces_.erase(ended);
  if (!traced(user)) let_go(user);
}

/// None of that user's sockets is traced any more.
void Traces::let_go(std::string_view user) {
  for (auto next = clients_.begin(); next != clients_.end();) {
    TracedClient& client = *next->second;
    std::vector<const SocketState*> theirs;
    for (const auto& socket : client.sockets())
      if (socket->socket().owner().id() == user) theirs.push_back(&socket->socket());
    for (const SocketState* socket : theirs) client.remove(*socket);
    next = client.empty() ? clients_.erase(next) : std::next(next);
  }
}

bool Traces::traced(std::string_view user) const {
  return std::ranges::any_of(traces_, [user](const Trace& each) { return each.order.user == user; });
}

TracedClient& Traces::of(Client& client) {
  std::unique_ptr<TracedClient>& traced = clients_[&client];
  if (!traced) traced = std::make_unique<TracedClient>(client, *this);
  return *traced;
}

void Traces::came(SocketState& socket) {
  if (!traced(socket.owner().id())) return;
  const TracedSocket& added = of(socket.client()).add(socket);
  added.note(added.entry(TraceEntry::What::connected));
}

void Traces::went(const SocketState& socket, CloseReason reason) {
  const auto found = clients_.find(&socket.client());
  if (found == clients_.end()) return;
  TracedClient& client = *found->second;
  const TracedSocket* traced = client.find(socket);
  if (!traced) return;
  traced->went(reason);
  client.remove(socket);
  if (client.empty()) clients_.erase(found);
}

void Traces::note(std::string_view user, const TraceEntry& entry) {
  for (Trace& trace : traces_) {
    if (trace.order.user != user) continue;
    trace.row.add([&](std::string& out) { append_trace_line(out, entry, trace.order.with_data); });
  }
  tell_soon();
}

void Traces::lose(std::string_view user) {
  for (Trace& trace : traces_)
    if (trace.order.user == user) trace.row.lose();
  tell_soon();
}

// In a turn of its own, with all that this one brings.
void Traces::tell_soon() {
  if (std::exchange(tells_soon_, true)) return;
  auto task = [&local = local_] {
    if (local.traces()) local.traces()->tell();
  };
  static_cast<void>(local_.hub().mailboxes.post(local_.shard(), Message::run(task)));
}

void Traces::tell() {
  tells_soon_ = false;
  for (Trace& trace : traces_) {
    if (trace.row.empty() || std::exchange(trace.untaken, true)) continue;
    trace.order.tell(trace.row.take());
  }
}

void Traces::told(std::uint64_t number) {
  const auto trace = std::ranges::find(traces_, number, [](const Trace& each) { return each.order.number; });
  if (trace == traces_.end()) return;
  trace->untaken = false;
  if (!trace->row.empty()) tell_soon();
}

namespace {

template <class Task>
void run_on(Hub& hub, unsigned shard, Task task) {
  auto on_shard = [&local = *hub.shards[shard], task = std::move(task)]() mutable { task(local); };
  // Refused only by shards that have stopped.
  static_cast<void>(hub.mailboxes.post(shard, Message::run(std::move(on_shard))));
}

}  // namespace

void begin_trace(Hub& hub, unsigned shard, Traces::Order order) {
  run_on(hub, shard,
         [order = std::move(order)](LocalSockets& local) mutable { local.begin_tracing().begin(std::move(order)); });
}

void lines_taken(Hub& hub, unsigned shard, std::uint64_t number) {
  run_on(hub, shard, [number](LocalSockets& local) {
    if (local.traces()) local.traces()->told(number);
  });
}

void end_trace(Hub& hub, std::uint64_t number) {
  for (unsigned shard = 0; shard < hub.shards.size(); ++shard)
    run_on(hub, shard, [number](LocalSockets& local) { local.end_trace(number); });
}

}  // namespace signalbox::hub
