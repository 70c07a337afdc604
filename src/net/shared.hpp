#pragma once
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "base/counted.hpp"
#include "net/address_counts.hpp"
#include "net/byte_budget.hpp"
#include "net/door.hpp"
#include "net/limits.hpp"
#include "net/network.hpp"
#include "net/relief.hpp"
#include "reactor/loop.hpp"

namespace signalbox::net {

class EngineEndpoint;
class EngineSessions;
class Reliever;
class Shard;

/// What the shards of one server have in common.
///
/// thread  options and limits are constant after start; the counters are atomic; the addresses have their lock.
struct Shared {
  explicit Shared(Options given = {});
  ~Shared();

  /// A place among the connections for one more descriptor; nothing: there is none left.
  std::optional<Counted> place() { return Counted::within(limits.connections.value(), connections); }
  std::atomic<std::size_t>& connections_at(Door door) {
    return door == Door::service ? connections : side_connections[static_cast<std::size_t>(door)];
  }
  Limit& limit_at(Door door) { return door == Door::service ? limits.connections : limits.side_connections; }

  Options options;
  Limits limits;
  reactor::Loops loops;  ///< by shard, as these
  std::vector<EngineEndpoint*> endpoints{};
  std::vector<EngineSessions*> sessions_of{};
  std::vector<Reliever*> relievers{};
  std::atomic<std::size_t> connections{0};
  std::array<std::atomic<std::size_t>, kDoors> side_connections{};  ///< by door; those of the service are above
  std::atomic<std::size_t> websockets{0};                           ///< of the connections
  std::atomic<std::size_t> sessions{0};
  std::atomic<std::size_t> unauthenticated{0};  ///< sessions without an authenticated socket
  std::atomic<std::size_t> refused{0};          ///< connections over the limit that are being told so
  ByteCounts partial;                           ///< of what clients have begun and not finished
  ByteCounts queued;                            ///< of what waits for them
  std::atomic<std::ptrdiff_t> behind{0};        ///< sessions for which more than a quarter of SEND_QUEUE_BYTES waits
  Relief relief;
  std::atomic<std::uint64_t> conflated{0};     ///< events that no client had to read, since newer ones said more
  std::atomic<std::uint64_t> relayed{0};       ///< sessions whose clients another node has come to serve
  std::atomic<std::size_t> leaving{0};         ///< places given out in the row of a drain
  AddressCounts unauthenticated_addresses;     ///< empty where there is no such limit
  std::vector<std::unique_ptr<Shard>> shards;  ///< last, for they read the rest until they end
};

/// The shard of this node where a session of that id would live. Nothing: it is no id of this node's.
std::optional<unsigned> shard_of(const Shared& shared, std::string_view sid);
/// The tag of another node that is there, and on which a session of that id would live; empty: there is none. It is a
/// part of `sid`.
std::string_view other_node_of(const Options& options, std::string_view sid);

/// Runs `task(part)` on the part's shard: now, if that is `here`, or as a message. False: that shard has stopped.
template <class Part, class Task>
bool run_at(const Shared& shared, const std::vector<Part*>& parts, const reactor::Loop& here, unsigned shard,
            Task task) {
  Part& part = *parts[shard];
  if (shard == here.index()) return task(part), true;
  return shared.loops[shard]->post(Message::run([task = std::move(task), &part]() mutable { task(part); }));
}

/// What all shards have counted.
Network::Counters counters_of(const Shared& shared);
Network::Times times_of(const Shared& shared);

/// Too much is held of something: clients are to be closed. Any shard; it happens in later turns.
void ask_for_relief(Shared& shared);

}  // namespace signalbox::net
