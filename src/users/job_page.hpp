#pragma once
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "users/job_table.hpp"

namespace signalbox::users {

/// The frame of an outcome by its row: what the store is asked for with a key alone, it answers with a packet.
struct StoredFrame {
  Row row;
  FrameRef frame;
};

/// The newest that is known of a job, whatever becomes of the job meanwhile.
struct JobStatus {
  FrameRef frame;  ///< which the texts are slices of
  std::string_view job_id;
  std::string_view queue;  ///< empty: of none, or its queue has no name
  std::string_view event;  ///< empty: its outcome lies in the store, which cannot be read
  std::string_view data;   ///< JSON text, as it was emitted: of several arguments the first
  WallMs time = 0;
  bool received = false;
};
JobStatus status_of(const JobEntry& entry);

/// {"jobId","event","data","time","had"}; of a queue's job "queue" behind its id.
std::string to_json(const JobStatus& status);
/// The same for a job of which nothing is known: `event` is null.
std::string unknown_job_json(std::string_view job_id);

/// Which of a user's jobs are wanted.
struct JobQuery {
  static constexpr std::size_t kMost = 1000;  ///< of `limit`

  std::optional<std::string>
      job_id{};  ///< the newest of this id alone; none: those behind a number, in the order of their newest events
  std::uint64_t after = 0;  ///< the number of a job's newest event
  std::size_t limit = kMost;
  std::size_t bytes = std::numeric_limits<std::size_t>::max();  ///< of JSON at most, or one job
};

/// What was found.
struct JobPage {
  std::vector<JobEntry> jobs{};
  std::uint64_t next = 0;     ///< there are more, behind this number; 0: there are none
  std::size_t looked_at = 0;  ///< how many jobs the user has

  /// Those whose data lies in the store alone, in their order.
  std::vector<StoredFrame> left_to_store() const;
  /// Takes what the store has of these, in their order: how many bytes.
  std::size_t fill(const std::vector<StoredFrame>& found);
  /// Leaves jobs at the end out where their JSON would be more than that.
  void cut(std::size_t bytes);
};
/// The one that was asked for by its id.
std::string job_json(const JobPage& found, std::string_view job_id);
/// Appends an array of the jobs.
void append_jobs(std::string& out, const JobPage& page);
/// How large that array is at most.
std::size_t json_bytes_at_most(const JobPage& page);

}  // namespace signalbox::users
