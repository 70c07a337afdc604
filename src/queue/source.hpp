#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "reactor/part.hpp"

namespace signalbox::queue {

/// A queue as GET /api/queues shows it. Counts since the start, of this node.
struct QueueStatus {
  std::string name;
  std::string source;              ///< "bullmq", "bull", "celery", …
  std::uint64_t events = 0;        ///< read
  std::uint64_t outcomes = 0;      ///< taken by the sink
  std::uint64_t unattributed = 0;  ///< outcomes whose user is not known
  std::uint64_t refused = 0;       ///< outcomes that a bound of their user, or their form, keeps from being told
  std::uint64_t behind = 0;        ///< read and not yet told, as far as it is known
  std::uint64_t gaps = 0;          ///< times that something was missed, and looked for
  std::string reader;              ///< the node that reads it; empty: nobody, or not known
};

/// Reads the queues of one kind and gives what they say to a Sink. It enters itself, and then its clients, in the
/// queues' redis::ClientThread before that starts.
///
/// thread  the queues'; it outlives the thread.
class Source : public reactor::Part {
 public:
  virtual ~Source() = default;
  /// For good: leases are free, nothing more is told. Calls back when Redis has heard that, or is not there; then the
  /// clients are stopped.
  virtual void stop(std::move_only_function<void()> then) = 0;
  virtual void append_status(std::vector<QueueStatus>& out) const = 0;

  void on_event(const reactor::KernelEvent&) override {}
  void flush() override {}
};

}  // namespace signalbox::queue
