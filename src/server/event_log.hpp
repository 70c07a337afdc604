#pragma once
#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>

namespace signalbox::server {

/// The newest of a row of texts, which several read, each from its own place. Past so many bytes the oldest go, whoever
/// has not read them; but what came since the readers were last told, and what they were told then, stays: whoever
/// reads misses nothing, however much comes at once. Pure.
class EventLog {
 public:
  explicit EventLog(std::size_t bytes) : most_(bytes) {}

  void add(std::string text);
  /// Readers are told now that there is something.
  void tell() {
    droppable_ = told_;
    told_ = end();
  }
  /// The place behind the newest.
  std::uint64_t end() const { return first_ + texts_.size(); }
  /// Is all there that follows this place?
  bool has(std::uint64_t place) const { return place >= first_; }
  /// Appends what follows `place`, which it has, up to `most` bytes and one text more, and moves the place.
  void read(std::uint64_t& place, std::string& out, std::size_t most) const;
  /// Nobody reads any more.
  void clear();
  std::size_t bytes() const { return bytes_; }

 private:
  const std::size_t most_;
  std::uint64_t first_ = 0;      ///< the place of the oldest
  std::uint64_t told_ = 0;       ///< up to there readers were told last
  std::uint64_t droppable_ = 0;  ///< and the time before
  std::deque<std::string> texts_;
  std::size_t bytes_ = 0;
};

}  // namespace signalbox::server
