#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "base/text.hpp"
#include "users/outcome_store.hpp"
#include "users/resting_users.hpp"

namespace signalbox::users {

/// Outcomes whose data a start leaves to the store, until all are there. The store gives them in the order in which
/// they happened, but a resting user is packed with all outcomes at once.
///
/// They are only appended, the users of a stripe together, so that reading millions of them does not touch memory at
/// random.
class GatheredOutcomes {
 public:
  void add(const HashedText& user, const StoredOutcome& outcome);
  /// Each user with their outcomes, the oldest first. Then all of it is forgotten.
  using Visit = std::function<void(const HashedText& user, const std::vector<RestingUsers::Outcome>& outcomes)>;
  void each_user(const Visit& visit);

 private:
  struct Record;
  struct Chunk {
    std::unique_ptr<std::byte[]> bytes;
    std::size_t used = 0;
  };
  static constexpr std::size_t kChunkBytes = 16 * 1024;

  std::vector<Chunk> chunks_;
};

}  // namespace signalbox::users
