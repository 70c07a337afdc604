#include <fcntl.h>

#include <algorithm>
#include <cerrno>

#include "base/log.hpp"
#include "net/descriptors.hpp"
#include "net/shard.hpp"

// The life of a connection: accepted, read, written, closed.
namespace signalbox::net {
namespace {

constexpr std::size_t kMaxStashed = 64 * 1024;
constexpr std::size_t kMaxThrownAway =
    8u << 20;  ///< of what a peer still sends after our last answer, so that it reads that
constexpr std::string_view kOverloaded =
    "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
log::RareWarning connections_full, descriptors_gone, watches_gone;
constexpr Milliseconds kLinger{2000};
constexpr Milliseconds kWriteTimeout{30'000};

}  // namespace

void Shard::accept_all(int listener, int most) {
  for (int i = 0; i < most && stop_deadline_ == kNever; ++i) {
    PeerAddress peer;
    const int fd = kernel().accept(listener, peer);
    if (fd == -EMFILE || fd == -ENFILE) {
      descriptors_gone.write("no descriptor is left: connections are closed unanswered");
      // One descriptor is kept for this: take the connection and close it, or it would wake us for ever.
      reserve_.reset();
      if (const int refused = kernel().accept(listener, peer); refused >= 0) kernel().close(refused);
      reserve_ = OwnedFd(::open("/dev/null", O_RDONLY | O_CLOEXEC));
      continue;
    }
    if (fd == -EINTR || fd == -ECONNABORTED) continue;
    if (fd < 0) return;
    Stream stream{OwnedFd(fd)};
    if (auto place = Counted::within(shared_.max_connections, shared_.connections)) {
      open_connection(std::move(stream), peer, std::move(*place));
    } else {
      connections_full.write("MAX_CONNECTIONS is reached: further ones get 503");
      refuse_connection(std::move(stream), peer);
    }
  }
}

void Shard::refuse_connection(Stream stream, const PeerAddress& peer) {
  auto place = Counted::within(kMaxRefused, shared_.refused);
  if (!place) {
    stream.write(kernel(), kOverloaded);
    return stream.close(kernel());
  }
  Connection* connection = open_connection(std::move(stream), peer, std::move(*place), true);
  if (!connection) return;
  connection->http->out = kOverloaded;
  connection->mode = Mode::ending;
  touch(*connection);
}

void Shard::adopt(Stream stream, const PeerAddress& peer, Counted place, std::string bytes) {
  Connection* connection = open_connection(std::move(stream), peer, std::move(place));
  if (!connection) return;
  on_bytes(*connection, bytes);  // in one: what is behind the head of an upgrade may have to go on to another shard
  if (connection->mode == Mode::closed) return;
  count_partial(*connection);
  update_interest(*connection);
}

Connection* Shard::open_connection(Stream stream, const PeerAddress& peer, Counted place, bool refused) {
  auto made = std::make_unique<Connection>(std::move(stream));
  made->peer = peer;
  made->refused = refused;
  made->counted = !refused;
  place.leave();  // close_connection() takes it off
  made->http = std::make_unique<HttpState>(options_.max_head_bytes, options_.max_fields);
  made->http->begun_at = now();
  Connection& connection = connections_.insert(std::move(made));
  set_deadline(connection, now() + options_.head_timeout);
  connection.interest = Kernel::kRead;
  if (kernel().watch(connection.stream.fd(), connection.websocket_id(), Kernel::kRead)) return &connection;
  watches_gone.write("the kernel watches no more connections (fs.epoll.max_user_watches): they are closed unanswered");
  close_connection(connection);
  return nullptr;
}

void Shard::close_connection(Connection& connection, CloseReason reason) {
  if (connection.mode == Mode::closed) return;
  const bool gone = engine_request_would_go(connection);
  connection.mode = Mode::closed;
  connection.stream.close(kernel());
  budgets_.set_partial(connection, 0);
  count_queue(connection);
  if (connection.counted) shared_.connections.fetch_sub(1, std::memory_order_relaxed);
  if (connection.refused) shared_.refused.fetch_sub(1, std::memory_order_relaxed);
  if (gone) engine_gone(connection);
  if (SessionEntry* entry = session_of(connection)) {
    entry->session.on_websocket_closed(connection.websocket_id(), reason, now());
    entry->touched();
  }
  connection.session_generation = 0;
  connection.decoder.reset();
  dead_.push_back(&connection);
}

void Shard::on_readable(Connection& connection) {
  // While too much is half-finished little more of it is taken, until those who have to go have gone.
  const std::size_t most = budgets_.partial().too_much() ? kReadOfTooMuch : kReadScratch;
  const long got = connection.stream.read(kernel(), {read_scratch_.get(), most});
  if (connection.stream.holds_output()) connection.blocked = true;
  if (got == -EAGAIN || got == -EINTR) return update_interest(connection);
  if (got < 0) return close_connection(connection, CloseReason::transport_error);
  if (got == 0) return on_end(connection);
  on_bytes(connection, {read_scratch_.get(), static_cast<std::size_t>(got)});
  if (connection.mode == Mode::closed) return;
  count_partial(connection);
  update_interest(connection);
}

void Shard::on_bytes(Connection& connection, std::span<char> bytes) {
  while (!bytes.empty() && connection.mode != Mode::closed) {
    if (connection.mode == Mode::websocket) return on_websocket_bytes(connection, bytes);
    std::size_t used = bytes.size();
    if (connection.mode == Mode::lingering || connection.mode == Mode::ending) {
      connection.http->left += used;  // counts what is thrown away
      if (connection.http->left > kMaxThrownAway) return close_connection(connection);
    } else if (connection.mode == Mode::waiting || connection.mode == Mode::asking || !connection.http->out.empty()) {
      // A pipelined request, whose turn comes when the answer before it has gone; or a body that is not let in yet.
      connection.http->input.append(bytes.data(), bytes.size());
      if (connection.http->input.size() > kMaxStashed) connection.paused = true;
    } else {
      used = on_http_bytes(connection, {bytes.data(), bytes.size()});
    }
    bytes = bytes.subspan(std::min(used, bytes.size()));
  }
}

// What had to wait behind a request.
void Shard::take_input(Connection& connection) {
  connection.paused = false;
  std::string input = std::move(connection.http->input);  // moved out: an upgrade frees the HTTP state
  connection.http->input.clear();
  on_bytes(connection, input);
  if (connection.mode == Mode::closed) return;
  count_partial(connection);
  update_interest(connection);
}

void Shard::on_end(Connection& connection) {
  if (connection.mode == Mode::websocket) {
    return close_connection(connection);
  }
  HttpState& http = *connection.http;
  http.ended = true;
  // A client may end its side and still wait for an answer that is on its way; one that waits for a poll has gone.
  const bool busy = !http.out.empty() || (connection.mode == Mode::waiting && !http.engine) ||
                    (connection.mode != Mode::asking && !http.input.empty());
  if (!busy || connection.mode == Mode::lingering) return close_connection(connection);
  http.keep_alive = false;
  update_interest(connection);
}

void Shard::on_deadline(Connection& connection) {
  switch (connection.mode) {
    case Mode::head:
      if (!connection.http->parser.started() || !connection.http->out.empty()) return close_connection(connection);
      return fail(connection, 408);
    case Mode::asking:
    case Mode::body:
      return fail(connection, 408);
    case Mode::waiting:
      return;
    default:
      return close_connection(connection, CloseReason::transport_close);
  }
}

void Shard::set_deadline(Connection& connection, TimePoint deadline) {
  connection.deadline = deadline;
  if (deadline != kNever) timers_.arm({deadline, connection.slot, connection.generation}, connection.armed);
}

void Shard::update_interest(Connection& connection) {
  if (connection.mode == Mode::closed) return;
  const bool ended = connection.http && connection.http->ended;
  const unsigned wanted = (connection.paused || ended ? Kernel::kNone : Kernel::kRead) |
                          (connection.blocked ? Kernel::kWrite : Kernel::kNone);
  if ((wanted & Kernel::kRead) && connection.stream.holds_input()) read_later(connection);
  if (wanted == connection.interest) return;
  connection.interest = static_cast<std::uint8_t>(wanted);
  kernel().change(connection.stream.fd(), connection.websocket_id(), wanted);
}

// The kernel says nothing of bytes that it has given to a filter already.
void Shard::read_later(Connection& connection) {
  if (connection.read_again) return;
  connection.read_again = true;
  read_again_.push_back(connection.websocket_id());
}

void Shard::read_again() {
  for (const auto id : std::exchange(read_again_, {})) {
    Connection* connection = connection_of(id);
    if (!connection) continue;
    connection->read_again = false;
    if (connection->interest & Kernel::kRead) on_readable(*connection);
  }
}

// What a filter still had for the peer goes first.
void Shard::on_writable(Connection& connection) {
  connection.blocked = false;
  std::size_t none = 0;
  if (connection.stream.holds_output() && !write(connection, {}, none)) return;
  touch(connection);
  if (SessionEntry* entry = session_of(connection)) entry->touched();
}

bool Shard::write(Connection& connection, std::string_view bytes, std::size_t& written) {
  const long sent = connection.stream.write(kernel(), bytes);
  if (sent < 0 && sent != -EAGAIN && sent != -EINTR) {
    close_connection(connection, CloseReason::transport_error);
    return false;
  }
  if (sent > 0) written += static_cast<std::size_t>(sent);
  connection.blocked = sent < static_cast<long>(bytes.size()) || connection.stream.holds_output();
  update_interest(connection);
  return true;
}

void Shard::flush_http(Connection& connection) {
  HttpState& http = *connection.http;
  if (!http.out.empty() && !connection.blocked) {
    if (!write(connection, std::string_view(http.out).substr(http.written), http.written)) return;
    if (connection.blocked && connection.mode != Mode::waiting) set_deadline(connection, now() + kWriteTimeout);
  }
  if (http.written < http.out.size() || connection.blocked) return count_queue(connection);
  http.written = 0;
  clear_and_shrink(http.out);
  count_queue(connection);
  if (connection.standing == Standing::login) budgets_.set_standing(connection, Standing::unauthenticated);
  if (connection.mode == Mode::ending) {
    connection.stream.end(kernel());
    if (http.ended) return close_connection(connection);
    connection.mode = Mode::lingering;
    connection.paused = false;
    set_deadline(connection, now() + kLinger);
    return update_interest(connection);
  }
  if (connection.mode != Mode::head && connection.mode != Mode::discard) return;
  if (!http.input.empty()) return take_input(connection);
  if (http.ended || stop_deadline_ != kNever) return close_connection(connection);
  if (connection.mode == Mode::head && !http.parser.started()) set_deadline(connection, now() + options_.idle_timeout);
}

}  // namespace signalbox::net
