#pragma once
#include <cstddef>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "users/directory.hpp"

namespace signalbox::server {

/// The most events of one request.
inline constexpr std::size_t kMaxEvents = 1000;

/// The events that the body of a POST /api/emit asks for: one {"userId", "event", "data"}, or an array of such. Or what
/// is wrong, and where. `json_depth` bounds `data`. Pure.
std::expected<std::vector<users::Emission>, std::string> read_emit_request(std::string_view body,
                                                                           std::size_t json_depth);

}  // namespace signalbox::server
