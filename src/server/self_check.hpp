#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.hpp"
#include "store/disk_probe.hpp"

namespace signalbox::server {

/// What a start has looked at, as values: look_at_start() fills these, judge() reads them.
struct StartFacts {
  std::string public_address{};        ///< at which PORT is reached; empty: at none
  std::string public_admin_address{};  ///< at which ADMIN_PORT is reached; empty: at none
  /// A setting and its secret; empty: none is set.
  struct Secret {
    std::string_view setting;
    std::string_view value;
  };
  std::vector<Secret> secrets{};
  std::int64_t unix_time = 0;    ///< by the wall clock
  std::size_t memory = 0;        ///< that this process may have; 0: not known
  std::size_t memory_bound = 0;  ///< that the limits of memory allow together
  std::string directory{};       ///< of the store; empty: there is none
  store::DiskKind disk = store::DiskKind::disk;
  store::DiskSpeed speed{};
};

/// One line of the log: what will hurt, and what would be right.
struct Complaint {
  std::string_view what;
  std::vector<log::Field> fields{};
};

/// At most one for each thing. Asks nobody, and no clock.
std::vector<Complaint> judge(const StartFacts& facts);

}  // namespace signalbox::server
