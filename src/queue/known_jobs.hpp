#pragma once
#include <cstddef>
#include <cstdint>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/text.hpp"
#include "queue/stream_id.hpp"

namespace signalbox::queue {

/// What is known of a job of a queue.
struct KnownJob {
  std::string id;
  std::string user{};  ///< empty: not known
  StreamId since{};    ///< what told of it first
  bool waits = false;  ///< for a worker; of a queue that says so
};

/// The jobs of a queue that were heard of last, at most so many.
///
/// thread  its owner's.
class KnownJobs {
 public:
  explicit KnownJobs(std::size_t most) : most_(most) {}

  /// Null: it is not known.
  KnownJob* find(std::string_view id);
  /// A new one if need be, for which the one that was not heard of for longest may go.
  KnownJob& at(std::string_view id);
  void erase(std::string_view id);
  void clear();
  std::size_t size() const { return jobs_.size(); }

 private:
  const std::size_t most_;
  std::list<KnownJob> jobs_;  ///< the one that was heard of last is the first
  std::unordered_map<std::string_view, std::list<KnownJob>::iterator, TextHash, std::equal_to<>> by_id_;
};

}  // namespace signalbox::queue
