#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "queue/bullmq_source.hpp"
#include "unit/queue/queue_fixture.hpp"

namespace signalbox::queue::test {

using BullmqNode = Node<BullmqSource>;

/// A queue as BullMQ writes it, of the name "image" unless a test says another.
struct RealBullmq : RealQueue {
  /// A node that reads from now on.
  std::unique_ptr<BullmqNode> start(SourceOptions options = {}) {
    auto node = std::make_unique<BullmqNode>(server->url(), sink, std::move(options));
    EXPECT_TRUE(await({"EXISTS", kPosition}, "1"));
    return node;
  }
  /// An entry of the queue's stream; returns its id.
  std::string say(std::vector<std::string> fields, const std::string& queue = "image", const std::string& id = "*") {
    std::vector<std::string> words{"XADD", "bull:" + queue + ":events", id, "event"};
    words.insert(words.end(), fields.begin(), fields.end());
    return ask(std::move(words));
  }
  /// A job ends, as the stream says too.
  void complete(const std::string& id, const std::string& result, std::int64_t at_ms) {
    end_hash(id, "returnvalue", result, "completed", at_ms);
    say({"completed", "jobId", id, "returnvalue", result, "prev", "active"});
  }

  static constexpr const char* kPosition = "sb:q:{bullmq:bull:image}:pos";
};

}  // namespace signalbox::queue::test
