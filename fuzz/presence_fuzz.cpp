// What the scripts of presence publish, as anybody might: read, or refused; and applied, each user's nodes are those.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/assert.hpp"
#include "cluster/presence_index.hpp"

using namespace signalbox::cluster;

namespace {

struct Ignore final : Replica::Observer {
  void on_presence(const std::string&, bool) override {}
  void on_elsewhere(const std::string&, const NodeStates&) override {}
  void wants_snapshot(unsigned) override {}
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view payload(reinterpret_cast<const char*>(data), size);
  const NodeStates states = read_node_states(payload);
  SB_ASSERT(read_node_states(text_of(states)) == states);

  const auto change = read_change(payload);
  if (!change) return 0;
  Ignore observer;
  Replica replica(1, observer);
  replica.on_subscribed(0);
  replica.on_snapshot(0, {.version = {change->version.epoch, change->version.number - 1}, .users = {}});
  replica.on_change(0, *change);
  std::size_t online = 0;
  for (const UserNodes& each : change->users) online += replica.online(0, each.user) ? 1 : 0;
  SB_ASSERT(online >= replica.count());
  return 0;
}
