#include "redis/connection.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "base/assert.hpp"

namespace signalbox::redis {
namespace {

constexpr std::array<std::string_view, 4> kSubscribing = {"SUBSCRIBE", "PSUBSCRIBE", "UNSUBSCRIBE", "PUNSUBSCRIBE"};

std::size_t answers_to(const Command& command) {
  return std::ranges::find(kSubscribing, command[0]) == kSubscribing.end() ? 1 : command.size() - 1;
}

}  // namespace

Connection::Connection(ConnectionOptions options, Observer& observer, TimePoint now)
    : options_(std::move(options)),
      observer_(observer),
      handshake_(options_.identity),
      reader_(options_.replies),
      heard_(now) {
  go_on_with_handshake(now);
}

void Connection::go_on_with_handshake(TimePoint now) {
  const auto command = handshake_.next();
  if (!command) {
    ready_ = true;
    return observer_.on_ready();
  }
  push(
      *command,
      [this](const Answer& answer) {
        if (ended_) return;
        if (auto why = handshake_.on_answer(answer)) return end(std::move(*why));
        go_on_with_handshake(heard_);
      },
      now, options_.answer_time);
}

void Connection::send(const Command& command, OnAnswer on_answer, TimePoint now, Milliseconds patience) {
  if (auto why = refused_now(command)) return on_answer(std::unexpected(std::move(*why)));
  push(command, std::move(on_answer), now, patience);
}

std::optional<Error> Connection::refused_now(const Command& command) const {
  if (ended_ || !ready_)
    return Error{.kind = Error::Kind::down,
                 .text = ended_ ? "there is no connection to Redis: " + ended_->text
                                : "the connection to Redis is not ready yet"};
  if (unwritten().size() + encoded_size(command) > options_.max_unwritten)
    return Error{.kind = Error::Kind::full,
                 .text = fmt::format("Redis is behind: {} bytes wait to be written to it", unwritten().size())};
  if (pending_.size() >= options_.max_unanswered)
    return Error{.kind = Error::Kind::full,
                 .text = fmt::format("Redis is behind: {} commands wait for an answer", pending_.size())};
  return std::nullopt;
}

void Connection::push(const Command& command, OnAnswer on_answer, TimePoint now, Milliseconds patience) {
  append_command(command, out_);
  const TimePoint due = subscribes() ? kNever : now + patience;
  next_due_ = std::min(next_due_, due);
  pending_.push_back({.on_answer = std::move(on_answer),
                      .sent = now,
                      .due = due,
                      .patience = patience,
                      .answers = answers_to(command)});
}

void Connection::wrote(std::size_t bytes) {
  written_ += bytes;
  SB_ASSERT(written_ <= out_.size());
  // Moved up seldom, and never more bytes than were written since.
  if (written_ < out_.size() - written_) return;
  out_.erase(0, written_);
  written_ = 0;
  constexpr std::size_t kKept = 64 * 1024;
  if (out_.empty() && out_.capacity() > kKept) std::string().swap(out_);
}

void Connection::take(std::string_view bytes, TimePoint now) {
  heard_ = now;
  reader_.feed(bytes);
  while (!ended_) {
    auto reply = reader_.next();
    if (!reply) return end({.kind = Error::Kind::lost, .text = "the other side sent " + reply.error()});
    if (!*reply) return;
    on_reply(std::move(**reply));
  }
}

void Connection::on_reply(Reply reply) {
  if (subscribes() && publish(reply)) return;
  if (reply.kind == Reply::Kind::error) return on_answer(std::unexpected(refusal(reply.text)));
  on_answer(std::move(reply));
}

/// Was it no answer, but something that was published?
bool Connection::publish(const Reply& reply) {
  const auto& parts = reply.elements;
  if (parts.size() == 3 && parts[0].text == "message") {
    observer_.on_published({.pattern = {}, .channel = parts[1].text, .payload = parts[2].text});
  } else if (parts.size() == 4 && parts[0].text == "pmessage") {
    observer_.on_published({.pattern = parts[1].text, .channel = parts[2].text, .payload = parts[3].text});
  } else {
    return false;
  }
  return true;
}

void Connection::on_answer(Answer answer) {
  if (pending_.empty()) {
    auto why = answer ? Error{.kind = Error::Kind::lost, .text = "the other side answered what was not asked"}
                      : std::move(answer.error());
    return end(std::move(why));
  }
  // A refusal stands for all that the command asked.
  if (answer && --pending_.front().answers > 0) return;
  OnAnswer waiting = std::move(pending_.front().on_answer);
  pending_.pop_front();
  std::optional<Error> last;
  if (!answer && ends_connection(answer.error())) last = answer.error();
  if (waiting) waiting(std::move(answer));
  if (last) end(std::move(*last));
}

TimePoint Connection::dead_at() const {
  if (pending_.empty()) return kNever;
  const Pending& first = pending_.front();
  return std::max(heard_, first.sent) + std::max(options_.answer_time, first.patience);
}

TimePoint Connection::next_deadline() const {
  if (ended_) return kNever;
  return pending_.empty() ? heard_ + options_.idle_time : std::min(next_due_, dead_at());
}

void Connection::on_timer(TimePoint now) {
  if (ended_) return;
  if (pending_.empty()) {
    if (now >= heard_ + options_.idle_time) push({"PING"}, {}, now, options_.answer_time);
    return;
  }
  if (now >= dead_at())
    return end({.kind = Error::Kind::late,
                .text = fmt::format("Redis does not answer: nothing came for {} ms", options_.answer_time.count())});
  if (now >= next_due_) tell_the_impatient(now);
}

/// Their answers will come, or not; nobody waits for these any more.
void Connection::tell_the_impatient(TimePoint now) {
  std::vector<OnAnswer> impatient;
  next_due_ = kNever;
  for (Pending& pending : pending_) {
    if (!pending.on_answer) continue;
    if (pending.due <= now) {
      impatient.push_back(std::exchange(pending.on_answer, {}));
    } else {
      next_due_ = std::min(next_due_, pending.due);
    }
  }
  for (OnAnswer& on_answer : impatient)
    on_answer(std::unexpected(Error{.kind = Error::Kind::late, .text = "Redis did not answer in time"}));
}

void Connection::end(Error why) {
  if (ended_) return;
  ended_ = std::move(why);
  for (Pending& pending : std::exchange(pending_, {})) {
    if (pending.on_answer) pending.on_answer(std::unexpected(Error{.kind = Error::Kind::lost, .text = ended_->text}));
  }
}

}  // namespace signalbox::redis
