#pragma once
#include <signalbox/config.hpp>

#include "server/self_check.hpp"

namespace signalbox::server {

/// Looks at this machine as a start with these settings finds it; at the folder of an open store for a quarter of a
/// second at most, whatever its disk does. The facts name secrets of `config`, which outlives them.
StartFacts look_at_start(const Config& config);

/// Says in the log what will hurt.
void check_start(const Config& config);

}  // namespace signalbox::server
