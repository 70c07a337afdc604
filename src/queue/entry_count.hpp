#pragma once
#include <algorithm>
#include <cstddef>

namespace signalbox::queue {

/// How many entries of streams are asked for at once. An answer that is more than a connection takes ends that: so
/// there are fewer of large ones, and fewer after a connection was lost.
class EntryCount {
 public:
  static constexpr std::size_t kOfQueue = 2000, kOfAll = 20'000;
  static constexpr std::size_t kBytes = 16u << 20;  ///< of an answer, as far as the last ones tell

  /// Of each of so many queues.
  std::size_t of_each(std::size_t queues) const {
    return std::clamp<std::size_t>(std::min(kOfAll, kBytes / bytes_each_) / queues, 1, most_);
  }
  /// Is a single entry more than a connection takes? Then it is to be read without its value.
  bool one_is_too_much() const { return one_is_too_much_; }

  void on_answer(std::size_t entries, std::size_t bytes) {
    most_ = std::min(2 * most_, kOfQueue);
    one_is_too_much_ = false;
    if (entries > 0) bytes_each_ = std::max({bytes / entries, bytes_each_ / 8 * 7, std::size_t{1}});
  }
  void on_lost() {
    one_is_too_much_ = most_ == 1;
    most_ = std::max<std::size_t>(most_ / 8, 1);
  }

 private:
  std::size_t most_ = kOfQueue;
  std::size_t bytes_each_ = 1;  ///< of an entry, as of late
  bool one_is_too_much_ = false;
};

}  // namespace signalbox::queue
