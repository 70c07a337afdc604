#pragma once
#include <cstdint>
#include <functional>
#include <string>

#include "users/job_name.hpp"

// What comes out of queues, for whoever tells users of it. Values alone.
namespace signalbox::queue {

/// What a queue says of one of its jobs.
struct JobReport {
  enum class Kind : std::uint8_t { progress, completed, failed };

  Kind kind;
  std::string user;
  std::string queue;  ///< job ids count within it; empty: they need no queue to be unique
  std::string job_id;
  std::string members;  ///< JSON: an object of what the browser gets beside jobId and queue, as
                        ///< {"progress":50,"status":"processing"}
  std::int64_t finished_ms =
      0;  ///< of an outcome, as the queue says: the same queue, id, kind and time are one outcome
};

/// An event that a worker emits itself, by a way that is not HTTP.
struct WorkerEvent {
  std::string user;
  std::string event;
  std::string arguments;         ///< JSON: an array
  users::StreamPlace place = 0;  ///< of one that is read from a stream: redelivered, it is the same event
};

enum class Taken : std::uint8_t {
  yes,
  by_user,  ///< refused by a bound of this user (UNREAD_OUTCOMES_PER_USER): reading goes on
  invalid,  ///< never to be told: too large, no such user id
  later,    ///< nobody's can be taken now (store, total bounds, mailbox): the same is to be given once more
};

/// thread  the queues'. The answer comes on that thread: of an outcome when it is durable, in any order.
class Sink {
 public:
  using Then = std::move_only_function<void(Taken)>;

  /// The report may be gone once `then` is called.
  virtual void tell(const JobReport& report, Then then) = 0;
  virtual void emit(WorkerEvent event, Then then) = 0;

 protected:
  ~Sink() = default;
};

}  // namespace signalbox::queue
