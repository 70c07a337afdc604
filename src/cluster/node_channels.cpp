#include "cluster/node_channels.hpp"

#include <utility>

namespace signalbox::cluster {

// A node hears what is for all on another channel than what is for it alone.
void NodeChannels::keep_order(std::string_view node) {
  const bool for_all = node.empty(), all_waits = writers_.contains(std::string_view());
  if (for_all ? !all_waits && !writers_.empty() : all_waits) flush();
}

NodeMessageWriter& NodeChannels::writer_of(std::string_view node) {
  const auto at = writers_.find(node);
  return at != writers_.end() ? at->second : writers_.emplace(node, NodeMessageWriter(sender_)).first->second;
}

void NodeChannels::flush(std::string_view node) {
  const auto full = writers_.extract(writers_.find(node));
  publish(full.key(), full.mapped().bytes());
}

void NodeChannels::flush() {
  for (const auto& [node, writer] : std::exchange(writers_, {})) publish(node, writer.bytes());
}

void NodeChannels::publish(const std::string& node, const std::string& bytes) {
  const std::string channel = node.empty() ? keys_.all_nodes() : keys_.node(node);
  commands_.send({"PUBLISH", channel, bytes}, [this, node](const redis::Answer& heard) {
    if (!heard) return counts_.unpublished.reached({{"why", heard.error().text}});
    if (heard->number == 0 && !node.empty()) nobody_(node);
  });
}

}  // namespace signalbox::cluster
