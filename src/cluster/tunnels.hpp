#pragma once
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/counted.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "cluster/bus.hpp"
#include "cluster/tunnel_end.hpp"
#include "cluster/tunnel_message.hpp"
#include "reactor/part.hpp"
#include "redis/client_thread.hpp"

namespace signalbox::cluster {

/// The same on all nodes, but for the budget.
struct TunnelOptions {
  Windows windows{};
  std::size_t budget = 64u << 20;  ///< bytes by which the windows of all ends here may be larger than at first
  Milliseconds open_time{
      10'000};  ///< for the owner's first word; where nobody hears the first message, it is over at once
  Milliseconds probe_time{15'000};  ///< of silence, after which an entry asks whether the owner still has the tunnel
  Milliseconds write_time{30'000};  ///< for the rest of an answer, once the owner has said all
  Milliseconds linger{2000};        ///< for the client to close, once it has all
};

/// Connections whose sessions live on other nodes: what their clients send goes over the bus to the node of the
/// session, which serves it as if it came over a connection of its own, and what that answers comes back. A tunnel
/// carries one polling request, or a WebSocket for life.
///
/// Each end has a descriptor, and a place among its node's connections: so the server's end of a session here and the
/// tunnel's are two. All limits and deadlines of a client are those of the node that serves it. A lost, repeated or
/// reordered message ends its tunnel, and so do the end of a node and of the bus.
///
/// thread  carry() and counters() any; the rest the one that it is a part of.
class Tunnels final : public reactor::Part {
 public:
  enum class Kind : std::uint8_t { request, upgrade };
  /// What is asked of this node's server.
  struct Server {
    /// It serves a connection that comes from that address.
    std::function<void(reactor::Stream, const reactor::PeerAddress&)> adopt;
    /// A place among its connections for what takes a descriptor as they do; nothing: there is none left.
    std::function<std::optional<Counted>()> place;
  };

  /// Becomes a part of that thread before it starts, and outlives its stop, but not the thread's object.
  Tunnels(redis::ClientThread& thread, Bus& bus, Server server, const TunnelOptions& options = {});
  ~Tunnels();

  /// A connection of ours. It keeps its place among them.
  struct Client {
    reactor::Stream stream;
    Counted place;
    std::string bytes;  ///< what was read of it, the head of its request first
    reactor::PeerAddress peer;
  };
  /// To the node of that tag with it.
  void carry(std::string tag, Kind kind, Client client);
  void on_message(std::string_view from_tag, std::string_view bytes);
  void on_node_gone(std::string_view tag);
  /// What was on its way may be lost: ends all, and tells the other nodes when the bus is back.
  void on_bus_lost();
  void on_bus_up();
  /// This node ends: the others are told.
  void close_all();

  struct Counters {
    std::uint64_t requests = 0, upgrades = 0;  ///< of clients here, for sessions elsewhere
    std::size_t entries = 0, owned = 0;        ///< open now: of clients here, and of sessions here
    std::uint64_t broken = 0;                  ///< a message was lost, repeated or reordered, or came too late
  };
  Counters counters() const;

  TimePoint next_deadline() const override;
  void on_event(const reactor::KernelEvent& event) override;
  void on_timer() override;
  void flush() override;

 private:
  enum class Step : std::uint8_t {
    opening,    ///< an entry that has heard nothing yet
    open,       ///< messages go both ways
    finishing,  ///< an entry whose tunnel is over: its client is still to get the rest
    lingering,  ///< it has got it. What it sends is thrown away until it closes, so that a reset does not eat the
                ///< answer
  };
  struct Tunnel;
  struct Node;
  using Message = TunnelMessage;
  using Side = TunnelSide;
  /// A tunnel between us and the node of that tag.
  struct Name {
    std::string tag;
    Side ours;
    std::uint64_t number;  ///< chosen by the entry
  };

  void open(const std::string& tag, Client client);
  void serve(std::string_view from_tag, const Message& message);
  void take(Tunnel& tunnel, const Message& message);
  void pump(Tunnel& tunnel);
  void on_connection_ended(Tunnel& tunnel);
  void settle(Tunnel& tunnel);
  void on_deadline(Tunnel& tunnel);

  void say(Tunnel& tunnel, Message message);
  void say_closed(const Name& name);
  void finish(Tunnel& tunnel);
  void cut(Tunnel& tunnel, std::string_view answer);
  void break_off(Tunnel& tunnel);
  void lose(Tunnel& tunnel);

  Tunnel& add(Name name, reactor::Stream stream, Counted place, std::string bytes);
  Tunnel* find(std::uint32_t key) const;
  Tunnel* find(Side side, std::string_view tag, std::uint64_t number) const;
  std::vector<Tunnel*> all_carrying() const;
  void forget(Tunnel& tunnel);
  void erase(Tunnel& tunnel);
  void touch(Tunnel& tunnel);
  void set_deadline(Tunnel& tunnel, TimePoint deadline);
  std::span<char> piece() const { return {piece_.get(), Message::kMostBytes}; }

  redis::ClientThread& thread_;
  const reactor::Loop& loop_;
  const std::uint64_t part_;
  Bus& bus_;
  const Server server_;
  const TunnelOptions options_;
  WindowBudget budget_;
  std::unordered_map<std::uint32_t, std::unique_ptr<Tunnel>> tunnels_;  ///< by the lower half of their tokens
  std::unordered_map<std::string, Node, TextHash, std::equal_to<>> nodes_;
  std::set<std::pair<TimePoint, std::uint32_t>> deadlines_;
  std::vector<Name> lost_;  ///< with the bus, so that the other ends do not know of it
  std::vector<std::uint32_t> touched_;
  std::vector<std::uint32_t> unread_;  ///< hold bytes of which the kernel says nothing
  std::uint32_t last_key_ = 0;
  std::uint64_t last_number_ = 0;
  std::unique_ptr<char[]> piece_;
  log::RareWarning bad_;
  std::atomic<std::uint64_t> requests_{0}, upgrades_{0}, broken_{0};
  std::array<std::atomic<std::size_t>, 2> open_{};  ///< by side
};

}  // namespace signalbox::cluster
