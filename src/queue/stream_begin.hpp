#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>

#include "queue/stream_id.hpp"
#include "redis/reply.hpp"
#include "redis/script.hpp"

namespace signalbox::queue {

/// A stream as Redis has it at a moment; an empty one, or none, has no first entry.
struct StreamState {
  StreamId last{};                  ///< of the entries that there ever were
  std::optional<StreamId> first{};  ///< of those that are there
  bool trimmed = false;             ///< there were others, or that is not known
  bool has_position = false;        ///< the entry at our position is there still
  std::size_t length = 0;           ///< entries that are there
};

/// KEYS: a stream. ARGV: a position. Its answer is for read_stream_state().
const redis::Script& stream_state_script();
std::optional<StreamState> read_stream_state(const redis::Reply& answer);

/// Were entries behind this position trimmed before they could be read?
bool has_gap(const StreamState& stream, StreamId position);

/// Where reading begins.
struct StreamBegin {
  StreamId at{};
  bool gap = false;
};
/// `stored`: how far it was read before. Nothing: it never was, and what is behind `since` is read; or what is new.
StreamBegin begin_of(const StreamState& stream, std::optional<StreamId> stored, std::optional<StreamId> since);

}  // namespace signalbox::queue
