#pragma once
#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "queue/job_wanted.hpp"
#include "queue/json_path.hpp"
#include "queue/queue_keys.hpp"
#include "redis/client.hpp"

namespace signalbox::queue {

/// What the paths to a user call a job's data.
inline constexpr std::string_view kJobData = "data";

/// Finds users in the hashes of jobs, in those of their parents, and in what earlier readers remembered; each round in
/// one turn.
///
/// thread  the client's. It outlives the client's last answer.
class JobLookup {
 public:
  static constexpr std::size_t kKeysPerScript = 200;
  static constexpr std::size_t kMostRounds = 6;  ///< a job, and so many parents above each other
  /// What was wanted, in its order; or why Redis does not say.
  using Then = std::move_only_function<void(std::expected<std::vector<JobWanted>, redis::Error>)>;

  JobLookup(redis::Client& commands, const QueueKeys& keys, const JsonPaths& users);
  JobLookup(const JobLookup&) = delete;
  JobLookup& operator=(const JobLookup&) = delete;

  bool busy() const { return static_cast<bool>(then_); }
  /// While it is not busy.
  void begin(std::vector<JobWanted> jobs, Then then);
  /// Nobody waits for it any more.
  void drop();

 private:
  struct Row {
    std::size_t job;  ///< among jobs_
    std::string key;  ///< its hash, or that of a parent
  };
  /// A hash whose data is read by itself, and where to look if that names no user.
  struct Large {
    std::string hash;
    Row parent;
  };

  void read_hashes(std::vector<Row> rows);
  void read_some(std::vector<Row> rows);
  void read_each(std::vector<Row> rows);
  void take_hashes(const std::vector<Row>& rows, redis::Reply& found);
  void take_hash(const Row& row, redis::Reply& found);
  void take_data(Row parent, std::string_view data);
  void read_large();
  void read_memory(std::vector<std::size_t> jobs);
  void take_memory(const std::vector<std::size_t>& jobs, const redis::Reply& found);
  template <class Take, class Refused>
  redis::OnAnswer on_answer(Take take, Refused refused);
  template <class Take>
  redis::OnAnswer on_answer(Take take);
  void fail(redis::Error why) { failed_ = std::move(why); }
  void end_round();
  void finish();

  redis::Client& commands_;
  const QueueKeys& keys_;
  const JsonPaths& users_;
  std::vector<JobWanted> jobs_;
  Then then_;
  std::uint64_t number_ = 0;    ///< of this look-up: answers to others are nobody's
  std::size_t unanswered_ = 0;  ///< commands
  std::size_t round_ = 0;
  std::vector<Row> next_;     ///< parents' hashes, for the next round
  std::vector<Large> large_;  ///< of this round
  std::optional<redis::Error> failed_;
};

}  // namespace signalbox::queue
