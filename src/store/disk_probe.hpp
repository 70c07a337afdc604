#pragma once
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/clock.hpp"

namespace signalbox::store {

/// What a folder lies on.
enum class DiskKind : std::uint8_t {
  disk,
  memory,    ///< tmpfs or ramfs: it is gone when the machine is
  container  ///< the layer of a container that goes with it
};

/// How long small writes take until they are safe.
struct DiskSpeed {
  std::size_t writes = 0;
  Clock::duration p99{};  ///< all but one of a hundred took less; of fewer than a hundred, all but one
  bool answered = true;   ///< false: there is a write that has taken `p99` and is not over
};

DiskKind disk_kind(const std::string& directory);

/// Writes to a file of its own in `directory` for so long at most, as the store commits, and removes it. A disk that
/// does not answer is left to a thread that ends when it does. Of a folder that cannot be written nothing is said: no
/// writes.
DiskSpeed disk_speed(const std::string& directory, Milliseconds patience);

}  // namespace signalbox::store
