#pragma once
#include <cstdint>
#include <unordered_map>

namespace signalbox::hub {

/// Those of one shard that wait for an answer of another thread, by numbers that outlive them.
///
/// thread  its shard.
template <class Waiting>
class ByNumber {
 public:
  std::uint64_t add(Waiting& one) {
    waiting_.emplace(++last_, &one);
    return last_;
  }
  /// Null: it has gone.
  Waiting* find(std::uint64_t number) const {
    const auto found = waiting_.find(number);
    return found == waiting_.end() ? nullptr : found->second;
  }
  void remove(std::uint64_t number) { waiting_.erase(number); }

 private:
  std::unordered_map<std::uint64_t, Waiting*> waiting_;
  std::uint64_t last_ = 0;
};

}  // namespace signalbox::hub
