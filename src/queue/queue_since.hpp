#pragma once
#include "redis/script.hpp"

namespace signalbox::queue {

/// Since when somebody has read all queues, as a stream's id. KEYS: where that is kept. ARGV: what is known of it, for
/// a Redis that has lost its memory; empty: nothing.
const redis::Script& since_script();

}  // namespace signalbox::queue
