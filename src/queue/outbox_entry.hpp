#pragma once
#include <cstddef>
#include <expected>
#include <string>

#include "queue/sink.hpp"
#include "redis/reply.hpp"

namespace signalbox::queue {

struct OutboxLimits {
  std::size_t data_bytes;
  std::size_t json_depth;
};

/// An entry of the stream, with the fields userId, event and data (JSON; without it, null); others are ignored. The
/// error says why it can never be told.
struct OutboxEntry {
  std::string id;
  std::expected<WorkerEvent, std::string> event;
};

/// Of [id, [field, value, …]], as XREAD and XRANGE answer.
///
/// thread  any.
OutboxEntry read_outbox_entry(redis::Reply entry, const OutboxLimits& limits);

}  // namespace signalbox::queue
