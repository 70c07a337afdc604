#pragma once
#include <utility>

#include "base/message.hpp"
#include "hub/hub.hpp"

namespace signalbox::server::admin {

/// Runs a task on the shard that serves the admin page. Any thread.
template <class Task>
void run_on_first_shard(hub::Hub& hub, Task task) {
  // Refused only by shards that have stopped, and then nobody waits any more.
  static_cast<void>(hub.mailboxes.post(0, Message::run(std::move(task))));
}

}  // namespace signalbox::server::admin
