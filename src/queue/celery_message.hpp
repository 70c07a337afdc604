#pragma once
#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include "queue/json_path.hpp"
#include "queue/sink.hpp"

namespace signalbox::queue {

/// What of a Celery task's message counts.
struct CeleryReading {
  JsonPaths user;  ///< of celery_user()
  // Of what a browser is told: a larger or deeper result is told as null, with truncated beside it.
  std::size_t most_bytes;
  std::size_t most_depth;
};

/// Reads CELERY_USER, whose paths begin at the message: "kwargs.user_id", "args.0,result.user_id". The error says what
/// would be right.
std::expected<JsonPaths, std::string> celery_user(std::string_view setting);

/// How the names of Celery's keys begin, by its global_keyprefix: behind one that ends in no separator comes a "_".
std::string celery_key_prefix(std::string global_keyprefix);

/// A task's state, as Celery's Redis backend publishes it and keeps it under the same name. The user is empty where the
/// message names none. The error says why it cannot be read.
///
/// thread  any. source  Celery 5.5, backends/base.py (_get_result_meta) and backends/redis.py.
std::expected<JobReport, std::string_view> read_celery_message(std::string_view payload, const CeleryReading& reading);

/// "2026-11-28T00:57:52.309020+00:00" in Unix milliseconds; without an offset it is UTC. 0: it is no such time.
std::int64_t unix_ms_of_iso(std::string_view text);

}  // namespace signalbox::queue
