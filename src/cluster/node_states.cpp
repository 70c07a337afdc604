#include "cluster/node_states.hpp"

#include <algorithm>
#include <optional>

#include "base/whole_number.hpp"

namespace signalbox::cluster {
namespace {

constexpr std::string_view kAway = "-", kGone = "none";

std::optional<HereState> read_state(std::string_view word) {
  if (word == kAway) return HereState::away();
  const auto sockets = whole_number<std::uint32_t>(word);
  return sockets ? std::optional(HereState::online(*sockets)) : std::nullopt;
}

}  // namespace

std::string HereState::word() const {
  if (is_online()) return std::to_string(sockets);
  return std::string(kind == Kind::away ? kAway : kGone);
}

NodeStates read_node_states(std::string_view text) {
  NodeStates states;
  while (!text.empty()) {
    const std::string_view entry = text.substr(0, text.find(' '));
    text.remove_prefix(std::min(entry.size() + 1, text.size()));
    const std::size_t colon = entry.find(':');
    if (colon == 0 || colon == std::string_view::npos) continue;
    const auto state = read_state(entry.substr(colon + 1));
    if (state) states.push_back({.node = entry.substr(0, colon), .state = *state});
  }
  return states;
}

std::string text_of(const NodeStates& states) {
  std::string text;
  for (const auto& [node, state] : states) {
    if (!text.empty()) text += ' ';
    ((text += node) += ':') += state.word();
  }
  return text;
}

bool any_online(const NodeStates& states) {
  return std::ranges::any_of(states, [](const NodeState& each) { return each.state.is_online(); });
}

}  // namespace signalbox::cluster
