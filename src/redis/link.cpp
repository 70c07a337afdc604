#include "redis/link.hpp"

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <utility>

namespace signalbox::redis {
namespace {

using reactor::Kernel;

constexpr Milliseconds kConnectTime{3000};  ///< for each address
constexpr int kReads = 8;                   ///< a turn, so that others on the loop have theirs
constexpr std::size_t kReadBytes = 16 * 1024;

}  // namespace

Link::Link(reactor::Loop& loop, std::uint64_t token, Target target, ConnectionOptions options,
           Connection::Observer& observer)
    : loop_(loop), token_(token), target_(std::move(target)), options_(std::move(options)), observer_(observer) {
  const Host& host = target_.host;
  const reactor::Destination given{.address = reactor::peer_address(host.name), .port = host.port, .path = host.path};
  if (!given.path.empty() || given.address != reactor::PeerAddress{}) {
    destinations_.push_back(given);
    connect();
    return;
  }
  resolving_.emplace(
      loop_, host.name, host.port,
      [this](reactor::Destinations found) {
        if (failed_) return;
        if (!found)
          return fail(fmt::format("'{}' has no address ({}): is it the right name?", target_.host.name, found.error()));
        destinations_ = std::move(*found);
        connect();
      },
      target_.look_up);
}

Link::~Link() {
  if (stream_) stream_->close(loop_.kernel());
}

std::string Link::peer() const {
  std::string name = to_text(target_.host);
  if (destination_ >= destinations_.size()) return name;
  const std::string address = to_text(destinations_[destination_]);
  return address == name ? name : name + " (" + address + ")";
}

void Link::connect() {
  connecting_.emplace(loop_.kernel(), destinations_[destination_], token_, loop_.now() + kConnectTime);
  on_connecting();
}

/// Goes on where the attempt has been made or has failed.
void Link::on_connecting() {
  if (connecting_->connected()) return open();
  if (connecting_->pending()) return;
  const std::string why = std::strerror(connecting_->error());
  if (destination_ + 1 == destinations_.size())
    return fail(fmt::format("{} cannot be reached ({}): does Redis run there?", peer(), why));
  ++destination_;
  connect();
}

void Link::open() {
  std::unique_ptr<TlsFilter> filter;
  try {
    if (target_.tls) filter = TlsFilter::create(target_.host.name);
  } catch (const std::runtime_error& error) {
    return fail(error.what());
  }
  tls_ = filter.get();
  stream_.emplace(connecting_->take(), std::move(filter));
  connecting_.reset();
  opened_ = loop_.now();
  if (!loop_.kernel().watch(stream_->fd(), token_, Kernel::kRead))
    return fail("the system watches no more descriptors");
  connection_.emplace(options_, observer_, loop_.now());
}

void Link::on_event() {
  if (ended()) return;
  if (connecting_) {
    connecting_->on_event();
    return on_connecting();
  }
  if (stream_) read();
}

void Link::on_timer() {
  if (ended()) return;
  if (connecting_) {
    connecting_->on_timer(loop_.now());
    return on_connecting();
  }
  if (!connection_) return;
  if (stream_->holds_input()) read();
  // A Redis without TLS waits for the end of what it takes for a command.
  if (agrees_late())
    return fail(peer() +
                " does not agree on TLS: where it has none, write redis:// instead of rediss:// into REDIS_URL");
  connection_->on_timer(loop_.now());
}

bool Link::agrees_late() const {
  return tls_ && !tls_->agreed() && loop_.now() - opened_ >= options_.answer_time;
}

TimePoint Link::next_deadline() const {
  if (ended()) return kNever;
  if (connecting_) return connecting_->next_deadline();
  if (!connection_) return kNever;
  return unflushed_ || stream_->holds_input() ? TimePoint::min() : connection_->next_deadline();
}

void Link::read() {
  std::array<char, kReadBytes> bytes;
  for (int i = 0; i < kReads && !connection_->ended(); ++i) {
    const long got = stream_->read(loop_.kernel(), bytes);
    if (got == -EAGAIN || got == -EINTR) return;
    if (got <= 0) return fail_io(got);
    connection_->take({bytes.data(), static_cast<std::size_t>(got)}, loop_.now());
  }
}

void Link::flush() {
  if (!connection_ || connection_->ended()) return;
  unflushed_ = false;
  while (!connection_->unwritten().empty()) {
    const long taken = stream_->write(loop_.kernel(), connection_->unwritten());
    if (taken == -EAGAIN || taken == -EINTR) break;
    if (taken < 0) return fail_io(taken);
    connection_->wrote(static_cast<std::size_t>(taken));
  }
  if (stream_->holds_output()) {
    const long rest = stream_->write(loop_.kernel(), {});
    if (rest < 0 && rest != -EAGAIN) return fail_io(rest);
  }
  // While TLS is only being agreed on, what it does not take waits for the other side and not for the kernel.
  watch_writing(tls_ ? tls_->holds_output() : !connection_->unwritten().empty());
}

void Link::watch_writing(bool wanted) {
  if (wanted == std::exchange(watches_writing_, wanted)) return;
  loop_.kernel().change(stream_->fd(), token_, wanted ? Kernel::kRead | Kernel::kWrite : Kernel::kRead);
}

void Link::fail_io(long error) {
  if (error == -EPROTO && tls_) return fail(tls_->failure());
  const bool closed = error == 0 || error == -ECONNRESET || error == -EPIPE;
  if (!closed) return fail(fmt::format("{} is lost ({})", peer(), std::strerror(static_cast<int>(-error))));
  fail(peer() + " closed the connection" +
       (connection_->ready() || tls_ ? ""
                                     : " before it said anything: where it wants TLS, write rediss:// into REDIS_URL"));
}

void Link::fail(std::string why) {
  end({.kind = connection_ ? Error::Kind::lost : Error::Kind::down, .text = std::move(why)});
}

void Link::end(Error why) {
  if (connection_) return connection_->end(std::move(why));
  if (!failed_) failed_ = std::move(why);
}

const Error* Link::ended() const {
  if (failed_) return &*failed_;
  return connection_ && connection_->ended() ? &*connection_->ended() : nullptr;
}

void Link::send(const Command& command, OnAnswer on_answer, Milliseconds patience) {
  unflushed_ = true;
  connection_->send(command, std::move(on_answer), loop_.now(), patience);
}

}  // namespace signalbox::redis
