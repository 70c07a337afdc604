#include "net/connections.hpp"

#include <cerrno>
#include <utility>

#include "net/budgets.hpp"

namespace signalbox::net {
namespace {

constexpr std::size_t kReadScratch = 64 * 1024, kReadOfTooMuch = 4 * 1024;

}  // namespace

bool Connection::unanswered() const {
  switch (mode) {
    case Mode::waiting:
    case Mode::asking:
    case Mode::body:
      return true;
    default:
      return http->written < http->out.size();
  }
}

// A reset alone is no fault: HAProxy ends each connection like that when it needs it no more.
bool Connection::owes_answer(Kernel& kernel) const {
  if (!http || !http->engine || http->sid.empty()) return false;
  if (unanswered()) return true;
  // Our end counts as a byte.
  return stream.unacknowledged(kernel) > (mode == Mode::lingering ? 1 : 0);
}

Connections::Connections(Shared& shared, const reactor::Loop& loop, Budgets& budgets, ConnectionEnds& ends)
    : shared_(shared), loop_(loop), budgets_(budgets), ends_(ends), scratch_(std::make_unique<char[]>(kReadScratch)) {}

Connection* Connections::open(std::unique_ptr<Connection> made, Counted place) {
  place.leave();  // close() takes it off
  Connection& connection = connections_.insert(std::move(made));
  connection.counted = !connection.refused;
  connection.interest = Kernel::kRead;
  if (loop_.kernel().watch(connection.stream.fd(), connection.id(), Kernel::kRead)) return &connection;
  shared_.limits.watches.reached();
  close(connection);
  return nullptr;
}

void Connections::close(Connection& connection, CloseReason reason) {
  if (connection.mode == Mode::closed) return;
  const bool owed = connection.owes_answer(loop_.kernel());
  if (connection.mode == Mode::websocket) shared_.websockets.fetch_sub(1, std::memory_order_relaxed);
  connection.mode = Mode::closed;
  connection.stream.close(loop_.kernel());
  budgets_.set_partial(connection, 0);
  budgets_.set_queued(connection, 0);
  if (connection.counted) shared_.connections_at(connection.door).fetch_sub(1, std::memory_order_relaxed);
  if (connection.refused) shared_.refused.fetch_sub(1, std::memory_order_relaxed);
  ends_.on_closed(connection, reason, owed);
  if (connection.http) connection.http->source.reset();
  connection.session_generation = 0;
  if (connection.extra) connection.extra->decoder.reset();
  dead_.push_back(&connection);
}

std::pair<Stream, Counted> Connections::take_out(Connection& connection) {
  loop_.kernel().unwatch(connection.stream.fd());
  connection.counted = false;
  return {std::move(connection.stream), Counted::taken_over(shared_.connections)};
}

void Connections::close_all(CloseReason reason) {
  connections_.for_each([this, reason](Connection& connection) { close(connection, reason); });
  touched_.clear();
  bury();
}

Connection* Connections::find(std::uint64_t id) const {
  Connection* connection = connections_.find(static_cast<std::uint32_t>(id), static_cast<std::uint32_t>(id >> 32));
  return connection && connection->mode != Mode::closed ? connection : nullptr;
}

Connection* Connections::find(const RequestId& request) const {
  Connection* connection = connections_.find(request.slot, request.generation);
  if (!connection || connection->mode == Mode::closed) return nullptr;
  return connection->http && connection->http->number == request.number ? connection : nullptr;
}

std::optional<std::span<char>> Connections::read(Connection& connection) {
  // While too much is half-finished, only a little more is read, until enough clients are closed.
  const std::size_t most = budgets_.partial().too_much() ? kReadOfTooMuch : kReadScratch;
  const long got = connection.stream.read(loop_.kernel(), {scratch_.get(), most});
  if (connection.stream.holds_output()) connection.blocked = true;
  if (got >= 0) return std::span(scratch_.get(), static_cast<std::size_t>(got));
  got == -EAGAIN || got == -EINTR ? update_interest(connection) : close(connection, CloseReason::transport_error);
  return std::nullopt;
}

bool Connections::write(Connection& connection, std::string_view bytes, std::size_t& written) {
  const long sent = connection.stream.write(loop_.kernel(), bytes);
  if (sent < 0 && sent != -EAGAIN && sent != -EINTR) {
    close(connection, CloseReason::transport_error);
    return false;
  }
  if (sent > 0) written += static_cast<std::size_t>(sent);
  connection.blocked = sent < static_cast<long>(bytes.size()) || connection.stream.holds_output();
  update_interest(connection);
  return true;
}

// What a filter still had for the peer goes first.
bool Connections::on_writable(Connection& connection) {
  connection.blocked = false;
  std::size_t none = 0;
  if (connection.stream.holds_output() && !write(connection, {}, none)) return false;
  touch(connection);
  return true;
}

void Connections::update_interest(Connection& connection) {
  if (connection.mode == Mode::closed) return;
  const bool ended = connection.http && connection.http->ended;
  const unsigned wanted = (connection.paused || ended ? Kernel::kNone : Kernel::kRead) |
                          (connection.blocked ? Kernel::kWrite : Kernel::kNone);
  if ((wanted & Kernel::kRead) && connection.stream.holds_input() && !connection.read_again) {
    connection.read_again = true;
    unread_.push_back(connection.id());
  }
  if (wanted == connection.interest) return;
  connection.interest = static_cast<std::uint8_t>(wanted);
  loop_.kernel().change(connection.stream.fd(), connection.id(), wanted);
}

Connection* Connections::take_unread(std::uint64_t id) {
  Connection* connection = find(id);
  if (!connection) return nullptr;
  connection->read_again = false;
  return connection->interest & Kernel::kRead ? connection : nullptr;
}

void Connections::touch(Connection& connection) {
  if (connection.mode != Mode::closed) touched_.add(connection);
}

void Connections::bury() {
  if (dead_.empty()) return;
  std::vector<Connection*> keep;
  for (Connection* connection : dead_) {
    if (connection->listed) {
      keep.push_back(connection);  // the next turn still looks at it
    } else {
      timers_.disarm(connection->armed);
      connections_.erase(*connection);
    }
  }
  dead_ = std::move(keep);
}

void Connections::set_deadline(Connection& connection, TimePoint deadline) {
  connection.deadline = deadline;
  if (deadline != kNever) timers_.arm({deadline, connection.slot, connection.generation}, connection.armed);
}

Connection* Connections::armed_by(const reactor::TimerEntry& entry) const {
  Connection* connection = connections_.find(entry.slot, entry.generation);
  return connection && connection->armed == entry.deadline ? connection : nullptr;
}

}  // namespace signalbox::net
