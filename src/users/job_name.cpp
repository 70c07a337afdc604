#include "users/job_name.hpp"

#include <charconv>

namespace signalbox::users {
namespace {

constexpr std::size_t kHexDigits = kTailBytes - 2;  ///< behind the mark and the kind
constexpr unsigned kTimeBits = 4 * kHexDigits;

}  // namespace

void append_queue_name(std::string& out, const JobName& job, const QueueWord& word) {
  ((out += kOfQueue) += job.id) += kOfQueue;
  ((out += job.queue) += kTailMark) += static_cast<char>(word.kind);
  const auto time = static_cast<std::uint64_t>(word.finished_ms) & ((std::uint64_t{1} << kTimeBits) - 1);
  for (unsigned shift = kTimeBits; shift != 0; shift -= 4) out += "0123456789abcdef"[time >> (shift - 4) & 0xF];
}

std::optional<QueueWord> queue_word(const Frame& frame) {
  const std::string_view tail = frame.tail();
  if (tail.empty() || !frame.key().starts_with(kOfQueue)) return std::nullopt;
  QueueWord word{.kind = static_cast<QueueWord::Kind>(tail[1])};
  if (word.kind != QueueWord::Kind::completed && word.kind != QueueWord::Kind::failed)
    word.kind = QueueWord::Kind::progress;
  std::from_chars(tail.data() + 2, tail.data() + tail.size(), word.finished_ms, 16);
  return word;
}

}  // namespace signalbox::users
