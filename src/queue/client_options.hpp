#pragma once
#include <functional>
#include <string>
#include <utility>

#include "redis/client.hpp"

namespace signalbox::queue {

/// Of a source's client, which CLIENT LIST shows as signalbox:<source>.
inline redis::ClientOptions client_options(
    const redis::Url& url, const std::string& source,
    redis::ConnectionOptions::Mode mode = redis::ConnectionOptions::Mode::commands, redis::ReplyLimits replies = {}) {
  return {.url = url, .connection = {.mode = mode, .identity = {.name = "signalbox:" + source}, .replies = replies}};
}

/// Calls back when Redis has carried out all that it was sent, or is not there. A script that it did not know is sent
/// again behind the first question, and so before the second.
inline void when_told(redis::Client& commands, std::move_only_function<void()> then) {
  commands.send({"PING"}, [&commands, then = std::move(then)](const redis::Answer&) mutable {
    commands.send({"PING"}, [then = std::move(then)](const redis::Answer&) mutable { then(); });
  });
}

}  // namespace signalbox::queue
