#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
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
  /// `nobody(node)`: a message was published, and nobody heard it.
  NodeChannels(redis::Client& commands, const Keys& keys, std::string sender, Counts& counts,
               std::function<void(const std::string& node)> nobody)
      : commands_(commands), keys_(keys), sender_(std::move(sender)), counts_(counts), nobody_(std::move(nobody)) {}

  /// To the node of that name: its id, its tag, or that of its store.
  template <class Part>
  void add(std::string_view node, const Part& part) {
    keep_order(node);
    NodeMessageWriter& writer = writer_of(node);
    writer.add(part);
    if (writer.bytes().size() >= kEnough) flush(node);
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
  NodeMessageWriter& writer_of(std::string_view node);
  void flush(std::string_view node);
  void publish(const std::string& node, const std::string& bytes);

  redis::Client& commands_;
  const Keys& keys_;
  const std::string sender_;
  Counts& counts_;
  const std::function<void(const std::string& node)> nobody_;
  std::unordered_map<std::string, NodeMessageWriter, TextHash, std::equal_to<>> writers_;
};

}  // namespace signalbox::cluster
