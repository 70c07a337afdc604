#pragma once
#include <cstddef>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "base/clock.hpp"
#include "base/text.hpp"
#include "users/encode.hpp"

namespace signalbox::queue {

/// The first progress of jobs, for a moment: a worker that tells of its job itself may be about to. Pure.
///
/// thread  none of its own.
class HeldProgress {
 public:
  struct Held {
    std::string user;
    users::EncodedEvent event;
    TimePoint until{};
  };

  struct Bounds {
    std::size_t jobs, bytes;
  };
  explicit HeldProgress(const Bounds& most) : most_(most) {}

  /// Newer progress of a job that is held takes its place. False: none is held.
  bool replace(std::string_view user, const users::EncodedEvent& event) {
    const auto at = by_job_.find(name_of(user, event));
    if (at == by_job_.end()) return false;
    users::EncodedEvent& held = at->second->held.event;
    bytes_ += event->memory() - held->memory();
    held = event;
    return true;
  }
  bool full() const { return by_job_.size() >= most_.jobs || bytes_ >= most_.bytes; }
  /// Until then, which is not before the time of any other. None of that job is held.
  void hold(Held held, TimePoint until) {
    const std::string name(name_of(held.user, held.event));
    bytes_ += held.event->memory();
    held.until = until;
    in_order_.push_back({.name = name, .held = std::move(held)});
    by_job_.emplace(in_order_.back().name, std::prev(in_order_.end()));
  }
  void drop(std::string_view user, const users::EncodedEvent& event) {
    if (by_job_.empty()) return;
    const auto at = by_job_.find(name_of(user, event));
    if (at != by_job_.end()) take(at->second);
  }
  TimePoint next() const { return in_order_.empty() ? kNever : in_order_.front().held.until; }
  /// One whose time has come.
  std::optional<Held> take_due(TimePoint now) {
    return next() <= now ? std::optional(take(in_order_.begin())) : std::nullopt;
  }

 private:
  struct Entry {
    std::string name;
    Held held;
  };
  using Entries = std::list<Entry>;

  /// Valid until the next call. A job's name begins with a byte that no user's id has.
  std::string_view name_of(std::string_view user, const users::EncodedEvent& event) {
    (name_ = user) += event.job_id();
    return name_;
  }
  Held take(Entries::iterator at) {
    by_job_.erase(at->name);
    Held held = std::move(at->held);
    in_order_.erase(at);
    bytes_ -= held.event->memory();
    return held;
  }

  const Bounds most_;
  std::size_t bytes_ = 0;  ///< of frames
  std::string name_;
  Entries in_order_;
  std::unordered_map<std::string_view, Entries::iterator, TextHash, std::equal_to<>> by_job_;
};

}  // namespace signalbox::queue
