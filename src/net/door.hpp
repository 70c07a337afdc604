#pragma once
#include <cstddef>
#include <cstdint>

namespace signalbox::net {

/// The port by which a connection came: PORT, or one of those for operators. What comes by these is HTTP alone, and
/// the application answers it from a table of its own.
enum class Door : std::uint8_t { service, metrics, admin };
inline constexpr std::size_t kDoors = 3;

/// Most connections at once by each door for operators. They are its own, beside MAX_CONNECTIONS: neither takes places
/// from the other.
inline constexpr std::size_t kMaxAtDoor = 32;

}  // namespace signalbox::net
