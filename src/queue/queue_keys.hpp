#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace signalbox::queue {

/// The names of keys of one queue: its own, and ours about it, which have one hash tag.
struct QueueKeys {
  std::string theirs;  ///< "bull:image:"
  std::string ours;    ///< "sb:q:{bullmq:bull:image}:"

  /// `prefix`: of all our keys; `queue`: with the prefix of its kind of queue.
  static QueueKeys of(std::string_view prefix, std::string_view source, const std::string& queue) {
    return {.theirs = queue + ":", .ours = std::string(prefix) + ":q:{" + std::string(source) + ":" + queue + "}:"};
  }

  /// Text: since when all queues of that kind and with that prefix are read.
  static std::string since(std::string_view prefix, std::string_view source, std::string_view theirs) {
    return std::string(prefix) + ":q:{" + std::string(source) + ":" + std::string(theirs) + "}:since";
  }

  std::string job(std::string_view id) const { return theirs + std::string(id); }
  std::string lease() const { return ours + "lease"; }   ///< text: the node that reads it
  std::string position() const { return ours + "pos"; }  ///< text: up to there all is told
  /// Hash: job -> RememberedJob, of those that were first heard of, or ended, on that day.
  std::string jobs(std::int64_t day) const { return ours + "jobs:" + std::to_string(day); }
};

}  // namespace signalbox::queue
