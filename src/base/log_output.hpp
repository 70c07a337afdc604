#pragma once
#include <string_view>

#include "base/clock.hpp"

namespace signalbox {

/// Where the log's lines go. Whoever reads them may be slow, stand still or have gone: a line waits a moment for a
/// reader that has kept up so far, and not at all for one that has not. Lost lines are counted.
///
/// thread  one at a time.
class LogOutput {
 public:
  explicit LogOutput(int descriptor) : descriptor_(descriptor) {}
  /// False: the line is lost, or the end of it.
  bool write(std::string_view line);

 private:
  bool put(std::string_view bytes);
  /// Takes some of the bytes. 0: nobody reads; negative: the write failed.
  long put_some(std::string_view bytes) const;

  const int descriptor_;
  TimePoint patience_ends_{};
  bool lost_ = false;  ///< the last line
  bool torn_ = false;  ///< a part of it was written
};

}  // namespace signalbox
