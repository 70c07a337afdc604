#pragma once
#include <functional>
#include <string>
#include <utility>

#include "redis/client.hpp"

namespace signalbox::queue {

/// Of a source's client, which CLIENT LIST shows as signalbox:<source>.
inline redis::ClientOptions client_options(
    const redis::Url& url, const std::string& source,
    redis::ConnectionOptions::Mode mode = redis::ConnectionOptions::Mode::commands) {
  return {.url = url, .connection = {.mode = mode, .identity = {.name = "signalbox:" + source}}};
}

/// Calls back when Redis has heard all that it was sent, or is not there.
inline void when_told(redis::Client& commands, std::move_only_function<void()> then) {
  commands.send({"PING"}, [then = std::move(then)](const redis::Answer&) mutable { then(); });
}

}  // namespace signalbox::queue
