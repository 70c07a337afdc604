#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace signalbox::recovery {

/// What the last argument of an event says to a client: up to where it has received everything. "run.shard.number".
struct Offset {
  std::string_view run;
  std::uint32_t shard;
  std::uint64_t number;
};

std::string to_text(const Offset& offset);
/// Nothing if it is none of ours.
std::optional<Offset> read_offset(std::string_view text);

}  // namespace signalbox::recovery
