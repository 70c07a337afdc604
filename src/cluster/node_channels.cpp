#include "cluster/node_channels.hpp"

#include <utility>

namespace signalbox::cluster {

// A node hears what is for all on another channel than what is for it alone.
void NodeChannels::keep_order(std::string_view node) {
  const bool for_all = node.empty(), all_waits = waiting_.contains(std::string_view());
  if (for_all ? !all_waits && !waiting_.empty() : all_waits) flush();
}

NodeChannels::Waiting& NodeChannels::waiting_for(std::string_view node) {
  const auto at = waiting_.find(node);
  if (at != waiting_.end()) return at->second;
  return waiting_.emplace(node, Waiting{.message = NodeMessageWriter(sender_)}).first->second;
}

void NodeChannels::flush(std::string_view node) {
  const auto full = waiting_.extract(waiting_.find(node));
  publish(full.key(), full.mapped());
}

void NodeChannels::flush() {
  for (const auto& [node, waiting] : std::exchange(waiting_, {})) publish(node, waiting);
}

void NodeChannels::publish(const std::string& node, const Waiting& waiting) {
  const std::string channel = node.empty() ? keys_.all_nodes() : keys_.node(node);
  commands_.send({"PUBLISH", channel, waiting.message.bytes()},
                 [this, node, outcomes = waiting.outcomes](const redis::Answer& heard) {
                   if (heard) {
                     if (heard->number == 0 && !node.empty()) unheard_.nobody(node);
                     return;
                   }
                   counts_.unpublished.reached({{"why", heard.error().text}});
                   if (outcomes) unheard_.outcomes();
                 });
}

}  // namespace signalbox::cluster
