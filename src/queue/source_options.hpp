#pragma once
#include <cstddef>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "queue/json_path.hpp"
#include "redis/reply_reader.hpp"
#include "redis/url.hpp"

namespace signalbox::queue {

/// What the sources of BullMQ and Bull have in common.
struct SourceOptions {
  redis::Url url{};
  std::vector<std::string> queues{};   ///< "*": all that there are
  std::string prefix = "bull";         ///< of the queues' keys
  JsonPaths users{};                   ///< in a job's data
  std::string our_prefix = "sb";       ///< of our keys
  std::string node{};                  ///< this one, among all
  Milliseconds look_each{10'000};      ///< for queues
  Milliseconds patience{10'000};       ///< so long may no outcome of a queue be taken before another node is to read it
  redis::ReplyLimits replies{};        ///< what is heard at once; more is read in pieces
  std::size_t most_bytes = 64u << 20;  ///< of what was read of all queues, until it is told and answered
  std::size_t json_depth = 64;
  std::size_t max_payload = 1'000'000;  ///< bytes of a result
};

}  // namespace signalbox::queue
