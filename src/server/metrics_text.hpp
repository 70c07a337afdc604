#pragma once
#include <string>

#include "server/snapshot.hpp"

namespace signalbox::server {

/// The snapshot in Prometheus' text format 0.0.4.
std::string metrics_text(const Snapshot& snapshot);

}  // namespace signalbox::server
