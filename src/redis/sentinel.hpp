#pragma once
#include <expected>
#include <optional>
#include <string>

#include "redis/error.hpp"
#include "redis/url.hpp"

namespace signalbox::redis {

/// Where the primary is, by a sentinel's answer to SENTINEL GET-MASTER-ADDR-BY-NAME. `name` is the primary's.
std::expected<Host, Error> primary_of(const Answer& answer, const std::string& name);
/// Why the server that answered ROLE so is not the primary; nothing: it is.
std::optional<Error> not_primary(const Answer& answer);

}  // namespace signalbox::redis
