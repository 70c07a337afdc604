#pragma once
#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "cluster/tunnels.hpp"
#include "echo_server.hpp"

// Nodes of one process, each with its own server, thread and tunnels, and between them a bus in memory.
namespace signalbox::net::test {

using cluster::TunnelMessage;
using cluster::TunnelSide;

/// thread  any.
class MemoryBus {
 public:
  using Take = std::function<void(const std::string& from, std::string message)>;
  /// How often a message arrives.
  using Times = std::function<int(const std::string& from, const TunnelMessage& message)>;

  void join(const std::string& tag, Take take) {
    const std::lock_guard lock(mutex_);
    nodes_[tag] = std::move(take);
  }
  void leave(const std::string& tag) {
    const std::lock_guard lock(mutex_);
    nodes_.erase(tag);
  }
  bool knows(std::string_view tag) const {
    const std::lock_guard lock(mutex_);
    return nodes_.contains(std::string(tag));
  }
  void send(const std::string& from, std::string_view to, const std::string& bytes) {
    const std::lock_guard lock(mutex_);
    const TunnelMessage message = cluster::read_tunnel_message(bytes).value();
    const auto node = nodes_.find(std::string(to));
    const int times = times_ ? times_(from, message) : 1;
    note(from, to, message);
    for (int i = 0; i < times && node != nodes_.end(); ++i) node->second(from, bytes);
  }
  void set_times(Times times) {
    const std::lock_guard lock(mutex_);
    times_ = std::move(times);
  }
  /// Bytes of one tunnel in one direction by which what was sent passed what was confirmed, at most.
  std::ptrdiff_t most_unconfirmed() const {
    const std::lock_guard lock(mutex_);
    return most_unconfirmed_;
  }

 private:
  void note(const std::string& from, std::string_view to, const TunnelMessage& message) {
    const bool by_entry = message.from == TunnelSide::entry;
    const std::string tunnel = (by_entry ? from : std::string(to)) + std::to_string(message.tunnel);
    auto& sent = unconfirmed_[{tunnel, by_entry}];
    sent += static_cast<std::ptrdiff_t>(message.bytes.size());
    most_unconfirmed_ = std::max(most_unconfirmed_, sent);
    if (message.taken != 0) unconfirmed_[{tunnel, !by_entry}] -= static_cast<std::ptrdiff_t>(message.taken);
  }

  mutable std::mutex mutex_;
  std::map<std::string, Take> nodes_;
  Times times_;
  std::map<std::pair<std::string, bool>, std::ptrdiff_t> unconfirmed_;
  std::ptrdiff_t most_unconfirmed_ = 0;
};

class Node final : OtherNodes, cluster::Bus {
 public:
  Node(MemoryBus& bus, const std::string& own_tag, Options options, const cluster::TunnelOptions& of_tunnels)
      : tag(own_tag),
        bus_(bus),
        server(2, joined(std::move(options))),
        tunnels(thread_, *this,
                {.adopt =
                     [this](Stream stream, const PeerAddress& peer) {
                       static_cast<void>(server.network->adopt(std::move(stream), {}, {}, peer));
                     },
                 .place = [this] { return server.network->place(); }},
                of_tunnels) {
    thread_.start();
    bus_.join(tag, [this](const std::string& from, std::string message) {
      on_thread([this, from, message = std::move(message)] { tunnels.on_message(from, message); });
    });
  }
  ~Node() { die(); }
  /// Says nothing to anybody.
  void die() {
    bus_.leave(tag);
    server.network->stop();
    thread_.stop();
  }
  void on_thread(std::move_only_function<void()> task) { static_cast<void>(thread_.post(std::move(task))); }

  const std::string tag;

 private:
  Options joined(Options options) {
    options.node_tag = tag;
    options.other_nodes = this;
    return options;
  }
  bool knows(std::string_view other) override { return bus_.knows(other); }
  void carry(Carried carried) override {
    const bool request = carried.kind == Carried::Kind::request;
    tunnels.carry(std::move(carried.tag), request ? cluster::Tunnels::Kind::request : cluster::Tunnels::Kind::upgrade,
                  {.stream = std::move(carried.stream),
                   .place = std::move(carried.place),
                   .bytes = std::move(carried.bytes),
                   .peer = carried.peer});
  }
  void send(std::string_view to, std::string message) override { bus_.send(tag, to, message); }

  MemoryBus& bus_;

 public:
  EchoServer server;  ///< has the places of the tunnels' connections

 private:
  redis::ClientThread thread_;

 public:
  cluster::Tunnels tunnels;
};

}  // namespace signalbox::net::test
