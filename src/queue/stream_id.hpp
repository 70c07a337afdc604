#pragma once
#include <algorithm>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "base/whole_number.hpp"
#include "queue/job_time.hpp"
#include "users/job_name.hpp"

namespace signalbox::queue {

/// The id of an entry of a stream, "1795473902683-0": Redis' clock, and a number within its millisecond.
struct StreamId {
  std::uint64_t ms = 0, number = 0;
  auto operator<=>(const StreamId&) const = default;

  /// Unix milliseconds, to reckon with: a program may give entries ids that no clock would.
  std::int64_t time() const { return static_cast<std::int64_t>(std::min(ms, std::uint64_t{kLastMs})); }

  static std::optional<StreamId> parse(std::string_view text) {
    const std::size_t dash = text.find('-');
    if (dash == std::string_view::npos) return std::nullopt;
    const auto ms = whole_number<std::uint64_t>(text.substr(0, dash));
    const auto number = whole_number<std::uint64_t>(text.substr(dash + 1));
    return ms && number ? std::optional(StreamId{*ms, *number}) : std::nullopt;
  }
};

/// Ids of Redis' own rise by less than 65,536 within a millisecond. Of others, 0: none.
inline users::StreamPlace place_of(const StreamId& id) {
  constexpr unsigned kNumberBits = 16;
  if (id.number >> kNumberBits != 0 || id.ms > users::kLastPlace >> kNumberBits) return 0;
  return id.ms << kNumberBits | id.number;
}

inline std::string to_text(const StreamId& id) {
  return std::to_string(id.ms) + "-" + std::to_string(id.number);
}

/// The highest id below; of the lowest, itself.
inline StreamId before(const StreamId& id) {
  if (id.number > 0) return {id.ms, id.number - 1};
  return id.ms > 0 ? StreamId{id.ms - 1, std::numeric_limits<std::uint64_t>::max()} : id;
}

}  // namespace signalbox::queue
