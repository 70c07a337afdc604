#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

namespace signalbox::hub {

/// The lines of a trace that nobody has taken. Where there is no room a line is lost, and counted. Pure.
class TraceRow {
 public:
  /// `lost`: how many more there were, after these.
  struct Lines {
    std::string text{};
    std::uint64_t count = 0, lost = 0;
  };

  /// Past `most` bytes there is no room.
  explicit TraceRow(std::size_t most) : most_(most) {}

  /// `write` appends one line; it is not called where there is no room.
  template <class Write>
  void add(Write write) {
    if (lines_.text.size() >= most_) return lose();
    write(lines_.text);
    ++lines_.count;
  }
  void lose() { ++lines_.lost; }
  bool empty() const { return lines_.count == 0 && lines_.lost == 0; }
  Lines take() { return std::exchange(lines_, {}); }

 private:
  std::size_t most_;
  Lines lines_;
};

}  // namespace signalbox::hub
