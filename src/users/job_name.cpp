#include "users/job_name.hpp"

#include <charconv>

namespace signalbox::users {
namespace {

// A tail: the mark, a letter, and a number.
constexpr int kBase = 32;
constexpr unsigned kBitsPerDigit = 5;
constexpr unsigned kNumberBits = kBitsPerDigit * (kTailBytes - 2);
constexpr char kStream = 's';

static_assert(kLastPlace < std::uint64_t{1} << kNumberBits);

void append_tail(std::string& out, char letter, std::uint64_t number) {
  (out += kTailMark) += letter;
  for (unsigned shift = kNumberBits; shift != 0; shift -= kBitsPerDigit)
    out += "0123456789abcdefghijklmnopqrstuv"[number >> (shift - kBitsPerDigit) & (kBase - 1)];
}

std::uint64_t number_in(std::string_view tail) {
  std::uint64_t number = 0;
  std::from_chars(tail.data() + 2, tail.data() + tail.size(), number, kBase);
  return number;
}

}  // namespace

void append_queue_name(std::string& out, const JobName& job, const QueueWord& word) {
  (((out += kOfQueue) += job.id) += kOfQueue) += job.queue;
  append_tail(out, static_cast<char>(word.kind), static_cast<std::uint64_t>(word.finished_ms));
}

std::optional<QueueWord> queue_word(const Frame& frame) {
  const std::string_view tail = frame.tail();
  if (tail.empty() || !frame.key().starts_with(kOfQueue)) return std::nullopt;
  QueueWord word{.kind = static_cast<QueueWord::Kind>(tail[1])};
  if (word.kind != QueueWord::Kind::completed && word.kind != QueueWord::Kind::failed)
    word.kind = QueueWord::Kind::progress;
  word.finished_ms = static_cast<std::int64_t>(number_in(tail));
  return word;
}

void append_stream_tail(std::string& job, StreamPlace place) {
  append_tail(job, kStream, place);
}

StreamPlace stream_place(const Frame& frame) {
  const std::string_view tail = frame.tail();
  return tail.empty() || frame.key().starts_with(kOfQueue) || tail[1] != kStream ? 0 : number_in(tail);
}

}  // namespace signalbox::users
