#pragma once
#include <cstdint>
#include <expected>
#include <string>

namespace signalbox::cluster {

/// What all nodes on one Redis must have in common.
struct Agreement {
  std::uint32_t partitions = 0;
  std::uint32_t protocol = 0;  ///< of what nodes say to each other, and of the index
  bool operator==(const Agreement&) const = default;
};

extern const std::uint32_t kProtocol;  ///< defined in a file of its own: a test's program says another one

/// May a node with `ours` work with those who have left `theirs` in Redis? The error says why not, and what would do.
std::expected<void, std::string> check_agreement(const Agreement& ours, const Agreement& theirs);

}  // namespace signalbox::cluster
