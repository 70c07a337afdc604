#pragma once
#include <cstddef>
#include <functional>
#include <mutex>
#include <utility>
#include <vector>

#include "record.hpp"

namespace signalbox::node {

/// What waits for one environment's thread. Whoever puts the first record wakes that thread, which takes all at once:
/// JavaScript is entered once for however many.
///
/// thread  any; take() the environment's.
class Inbox {
 public:
  static constexpr std::size_t kMostEvents = 100'000;
  static constexpr std::size_t kMostEventBytes = std::size_t{64} << 20;

  explicit Inbox(std::function<void()> wake) : wake_(std::move(wake)) {}

  /// What must not be lost. After close() it is dropped: its reader has gone.
  void put(Record record) {
    const std::scoped_lock lock(mutex_);
    add(std::move(record));
  }
  /// What a client sent: false, if too much of it waits already.
  [[nodiscard]] bool put_event(Event event) {
    std::size_t bytes = event.name.size() + event.arguments.text.size();
    for (const std::string& attachment : event.arguments.attachments) bytes += attachment.size();
    const std::scoped_lock lock(mutex_);
    if (events_ >= kMostEvents || event_bytes_ + bytes > kMostEventBytes) return false;
    ++events_;
    event_bytes_ += bytes;
    add(std::move(event));
    return true;
  }
  std::vector<Record> take() {
    const std::scoped_lock lock(mutex_);
    events_ = event_bytes_ = 0;
    return std::exchange(records_, {});
  }
  /// No wake-up from now on. What waited is destroyed under no lock: it may be the last that keeps the engine.
  void close() {
    std::vector<Record> unread;
    const std::scoped_lock lock(mutex_);
    closed_ = true;
    records_.swap(unread);
  }

 private:
  void add(Record&& record) {
    if (closed_) return;
    records_.push_back(std::move(record));
    if (records_.size() == 1) wake_();
  }

  // Shards put while JavaScript takes. `wake_` is called under it, so that nobody wakes what close() has ended.
  std::mutex mutex_;
  std::function<void()> wake_;
  std::vector<Record> records_;
  std::size_t events_ = 0, event_bytes_ = 0;
  bool closed_ = false;
};

}  // namespace signalbox::node
