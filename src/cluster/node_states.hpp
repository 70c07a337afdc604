#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace signalbox::cluster {

/// What one node has of a user.
struct HereState {
  enum class Kind : std::uint8_t {
    gone,    ///< nothing
    away,    ///< only sockets that are away and may come back: it gets events, and the user is not online through it
    online,  ///< so many connected `sockets`; none while the presence grace runs, in which the user is still online
  };

  Kind kind = Kind::gone;
  std::uint32_t sockets = 0;

  static constexpr HereState away() { return {.kind = Kind::away}; }
  static constexpr HereState online(std::uint32_t sockets) { return {.kind = Kind::online, .sockets = sockets}; }

  bool is_gone() const { return kind == Kind::gone; }
  bool is_online() const { return kind == Kind::online; }
  std::string word() const;  ///< as Redis is told: "none", "-" or "2"
  bool operator==(const HereState&) const = default;
};

/// A user, and what a node has of them.
struct UserState {
  std::string user;
  HereState state;
  bool operator==(const UserState&) const = default;
};

/// What one of the nodes has of a user. A view: of the text that was read.
struct NodeState {
  std::string_view node;
  HereState state;
  bool operator==(const NodeState&) const = default;
};
using NodeStates = std::vector<NodeState>;

/// Of the text that Redis has of a user, "n1:2 n2:-". What is no such entry is left out.
NodeStates read_node_states(std::string_view text);
std::string text_of(const NodeStates& states);
bool any_online(const NodeStates& states);

}  // namespace signalbox::cluster
