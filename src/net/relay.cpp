#include "net/relay.hpp"

#include <algorithm>
#include <cerrno>
#include <functional>
#include <utility>

#include "net/relays.hpp"

namespace signalbox::net {
namespace {

using websocket::ClientFrame;

constexpr std::size_t kMostUnsaid = 64 * 1024;    ///< for the line, before the client is read no more
constexpr std::size_t kMostWaiting = 128 * 1024;  ///< for the client, before the line is read no more

}  // namespace

Relay::Relay(Relays& all, SessionEntry& entry, std::uint32_t number, reactor::Stream line, Counted place,
             SessionControl::Relayed then)
    : all_(all),
      entry_(&entry),
      number_(number),
      stream_(std::move(line)),
      place_(std::move(place)),
      then_(std::move(then)) {}

Relay::~Relay() {
  stream_.close(all_.kernel());
}

// ---- The line

void Relay::on_event(const reactor::KernelEvent& event) {
  if (event.writable) blocked_ = false;
  if (event.readable || event.broken) read(event.broken);
  all_.touch(*this);
}

// Of a line that has hung up the rest is read at once, however much waits for the client.
void Relay::read(bool hung_up) {
  const std::span<char> room = all_.scratch();
  while (step_ != Step::over) {
    const long got = stream_.read(all_.kernel(), room);
    if (got == -EAGAIN || got == -EINTR) return;
    if (got <= 0 || !take(room.first(static_cast<std::size_t>(got)))) return lose();
    if (!hung_up && (full_ || static_cast<std::size_t>(got) < room.size())) return;
  }
}

bool Relay::take(std::span<char> bytes) {
  // A session that has ended in this very turn is not taken over: on_session_flushed() follows.
  if (step_ == Step::opening && entry_ && !entry_->session.open()) return true;
  while (entry_) {
    const auto words = line_.next(bytes);
    if (!words) return false;
    if (words->said == RelayLine::Said::nothing) break;
    words->said == RelayLine::Said::opened ? open() : give(*words);
  }
  if (!entry_) return true;
  hear();
  full_ = entry_->session.waiting() > most_waiting();
  return true;
}

// A queue that is within the session's limit may take all that one turn brings.
std::size_t Relay::most_waiting() const {
  return std::min(kMostWaiting, all_.options().session.send_queue_bytes);
}

/// The other node's heartbeat comes as often as our own.
void Relay::hear() {
  const engineio::SessionOptions& session = all_.options().session;
  silent_at_ = all_.now() + session.ping_interval + session.ping_timeout;
}

void Relay::open() {
  step_ = Step::open;
  connect_until_ = all_.now() + all_.options().connect_timeout;
  all_.count_opened();
  entry_->session.set_handler(*this);
  entry_->session.deadline_changed();
  std::exchange(then_, nullptr)(this);
}

void Relay::give(const RelayLine::Words& words) {
  constexpr std::string_view kConnected = "40";
  switch (words.said) {
    case RelayLine::Said::text:
      if (connect_until_ != kNever && words.data.starts_with(kConnected)) {
        connect_until_ = kNever;
        entry_->set_authenticated(true);
        // Who it is the other node knows: it is judged by itself.
        entry_->set_user(std::hash<std::string_view>{}(entry_->session.sid()));
      }
      return entry_->session.send(text_frame(words.data));
    case RelayLine::Said::binary:
      return entry_->session.send(binary_frame(words.data));
    case RelayLine::Said::heartbeat:
      return entry_->session.confirm(++asked_);
    case RelayLine::Said::ping:
      return say(ClientFrame::pong, words.data);
    default:
      return;
  }
}

void Relay::say(ClientFrame kind, std::string_view first, std::string_view second) {
  websocket::append_client_frame(out_, kind, first, second);
  if (unsaid() > kMostUnsaid) hold_back(true);
  all_.touch(*this);
}

// ---- The session

void Relay::on_text(std::string_view message, TimePoint) {
  say(ClientFrame::text, "4", message);
}

void Relay::on_binary(std::string_view bytes, TimePoint) {
  say(ClientFrame::binary, bytes);
}

void Relay::on_received(std::uint32_t marker, TimePoint) {
  if (marker == asked_) say(ClientFrame::text, "3");
}

TimePoint Relay::next_deadline() const {
  return std::min(connect_until_, full_ ? kNever : silent_at_);
}

void Relay::on_timer(TimePoint now) {
  if (now >= next_deadline()) lose();
}

void Relay::on_closed(CloseReason, TimePoint) {
  leave(Step::ending);
}

void Relay::on_session_flushed() {
  if (step_ == Step::opening && !entry_->session.open()) return leave(Step::over);
  if (!entry_ || !full_ || entry_->session.waiting() > most_waiting() / 2) return;
  full_ = false;
  hear();
  all_.touch(*this);
}

// ---- The end

/// The other node serves the client no more, or never began to.
void Relay::lose() {
  if (step_ == Step::ending) {
    step_ = Step::over;
  } else if (step_ == Step::opening) {
    auto then = std::exchange(then_, nullptr);
    leave(Step::over);
    then(nullptr);
  } else if (step_ == Step::open) {
    entry_->session.close(CloseReason::forced_close, all_.now());
    leave(Step::over);
  }
  all_.touch(*this);
}

void Relay::leave(Step next) {
  step_ = next;
  full_ = false;
  if (SessionEntry* entry = std::exchange(entry_, nullptr)) {
    entry->relay = nullptr;
    entry->set_partial(0);
  }
  patience_until_ = all_.wait_for(*this);
  all_.touch(*this);
}

// The patience with an opening line may end while the rest is on its way.
void Relay::on_patience_over() {
  if (all_.now() < patience_until_) return;
  if (step_ == Step::opening || step_ == Step::ending) lose();
}

// ---- The end of a turn

void Relay::flush() {
  if (step_ == Step::over) return;
  if (!blocked_ && unsaid() != 0) write();
  if (step_ == Step::over) return;
  if (entry_ && step_ == Step::open) entry_->set_partial(unsaid());
  if (held_back_ && unsaid() < kMostUnsaid / 2) hold_back(false);
  if (step_ == Step::ending && unsaid() == 0 && !std::exchange(ended_, true)) stream_.end(all_.kernel());
  watch();
}

void Relay::write() {
  const long taken = stream_.write(all_.kernel(), std::string_view(out_).substr(written_));
  if (taken < 0 && taken != -EAGAIN && taken != -EINTR) return lose();
  if (taken > 0) written_ += static_cast<std::size_t>(taken);
  blocked_ = unsaid() != 0;
  if (blocked_) return;
  std::string().swap(out_);
  written_ = 0;
}

void Relay::hold_back(bool held_back) {
  if (std::exchange(held_back_, held_back) != held_back && entry_) entry_->set_reading(!held_back);
}

void Relay::watch() {
  using reactor::Kernel;
  const unsigned wanted = (full_ ? Kernel::kNone : Kernel::kRead) | (blocked_ ? Kernel::kWrite : Kernel::kNone);
  if (std::exchange(interest_, wanted) != wanted) all_.kernel().change(stream_.fd(), Relays::token_of(*this), wanted);
}

}  // namespace signalbox::net
