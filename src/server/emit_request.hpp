#pragma once
#include <cstddef>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "users/directory.hpp"

namespace signalbox::server {

/// The most events of one request.
inline constexpr std::size_t kMaxEvents = 1000;

/// Why a request is refused.
struct EmitFault {
  std::string sentence;
  std::optional<std::size_t> index =
      {};  ///< of the first event in the array that is wrong; nothing: the fault is no event's
};

/// The events that the body of a POST /api/emit asks for: one {"userId", "event", "data"}, or an array of such. Or what
/// is wrong. `json_depth` bounds `data`. Pure.
std::expected<std::vector<users::Emission>, EmitFault> read_emit_request(std::string_view body, std::size_t json_depth);

}  // namespace signalbox::server
