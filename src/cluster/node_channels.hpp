#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <type_traits>
#include <unordered_map>

#include "base/text.hpp"
#include "cluster/counts.hpp"
#include "cluster/keys.hpp"
#include "cluster/node_message.hpp"
#include "redis/client.hpp"

namespace signalbox::cluster {

/// The way to other nodes of ours: each hears what is published on its own channel, and all hear one. What is for one
/// node in a turn is one message, and what is for all another; of these each goes behind what was added before it.
///
/// thread  the cluster's.
class NodeChannels {
 public:
  /// What becomes of a message that is not heard.
  struct Unheard {
    std::function<void(const std::string& node)> nobody;  ///< it was published, and nobody listens
    std::function<void()> outcomes;                       ///< Redis has not taken it, and it has outcomes
  };
  NodeChannels(redis::Client& commands, const Keys& keys, std::string sender, Counts& counts, Unheard unheard)
      : commands_(commands), keys_(keys), sender_(std::move(sender)), counts_(counts), unheard_(std::move(unheard)) {}

  /// To the node of that name: its id, its tag, or that of its store.
  template <class Part>
  void add(std::string_view node, const Part& part) {
    keep_order(node);
    Waiting& waiting = waiting_for(node);
    waiting.message.add(part);
    if constexpr (std::is_same_v<Part, RelayedEvent>) waiting.outcomes = waiting.outcomes || part.row != 0;
    if (waiting.message.bytes().size() >= kEnough) flush(node);
  }
  template <class Part>
  void add_for_all(const Part& part) {
    add({}, part);
  }
  /// At the end of a turn.
  void flush();

 private:
  static constexpr std::size_t kEnough = 64 * 1024;

  void keep_order(std::string_view node);
  struct Waiting {
    NodeMessageWriter message;
    bool outcomes = false;  ///< has it any?
  };
  Waiting& waiting_for(std::string_view node);
  void flush(std::string_view node);
  void publish(const std::string& node, const Waiting& waiting);

  redis::Client& commands_;
  const Keys& keys_;
  const std::string sender_;
  Counts& counts_;
  const Unheard unheard_;
  std::unordered_map<std::string, Waiting, TextHash, std::equal_to<>> waiting_;
};

}  // namespace signalbox::cluster
