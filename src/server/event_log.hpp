#pragma once
#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>

namespace signalbox::server {

/// The newest of a row of texts, which several read, each from its own place. The oldest go when all take more than so
/// many bytes, whoever has not read them. Pure.
class EventLog {
 public:
  explicit EventLog(std::size_t bytes) : most_(bytes) {}

  void add(std::string text);
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
  std::uint64_t first_ = 0;  ///< the place of the oldest
  std::deque<std::string> texts_;
  std::size_t bytes_ = 0;
};

}  // namespace signalbox::server
