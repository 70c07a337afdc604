#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/frame.hpp"
#include "base/text.hpp"

namespace signalbox::users {

// How a job is named by the key of its frames. A worker names it by its id. Ids of a queue's jobs count within their
// queue: these have kOfQueue, which no text has, then the id, kOfQueue again, and the queue. Pure; any thread.

inline constexpr char kOfQueue = '\xFF';
inline constexpr std::size_t kMostJobBytes = 256;    ///< of an id
inline constexpr std::size_t kMostQueueBytes = 256;  ///< of a queue's name
/// Of the key and its tail.
inline constexpr std::size_t kMostNameBytes = kMostJobBytes + kMostQueueBytes + 2 + kTailBytes;

struct JobName {
  std::string_view id;
  std::string_view queue{};  ///< may be empty as well where ids need no queue to be unique
  bool of_queue = false;
};
inline JobName job_name(std::string_view key) {
  if (!key.starts_with(kOfQueue)) return {.id = key};
  const std::size_t end = key.find(kOfQueue, 1);
  if (end == std::string_view::npos) return {.id = key.substr(1), .of_queue = true};
  return {.id = key.substr(1, end - 1), .queue = key.substr(end + 1), .of_queue = true};
}

/// Hashed by its id alone: so all jobs of one id are found at once.
inline HashedText hashed_job(std::string_view key) {
  HashedText hashed(job_name(key).id);
  hashed.text = key;
  return hashed;
}

// Where an event comes from stands in the tail of its key, hence wherever it is kept.

/// What a queue says of its job with an event: the same job, kind and time are the same outcome.
struct QueueWord {
  enum class Kind : char { progress = 'p', completed = 'c', failed = 'f' };

  Kind kind = Kind::progress;
  std::int64_t finished_ms = 0;  ///< of an outcome, by the queue's clock; 0: not known

  bool ends() const { return kind != Kind::progress; }
  bool operator==(const QueueWord&) const = default;
};
void append_queue_name(std::string& out, const JobName& job, const QueueWord& word);
/// Nothing: the event is none of a queue's.
std::optional<QueueWord> queue_word(const Frame& frame);

/// Where a worker's event stands in the stream from which it was read; rises in its order. 0: in none.
using StreamPlace = std::uint64_t;
inline constexpr StreamPlace kLastPlace = (StreamPlace{1} << 60) - 1;
void append_stream_tail(std::string& job, StreamPlace place);
StreamPlace stream_place(const Frame& frame);

}  // namespace signalbox::users
