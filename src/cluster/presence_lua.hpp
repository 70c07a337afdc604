#pragma once
#include "redis/script.hpp"

namespace signalbox::cluster {

// The scripts of presence. One that Redis refuses, because its memory is full or it must not be written to, has changed
// nothing: its first write is one that is refused then.

// Of one partition. KEYS: the users' hash, the node's set, the version. ARGV begins with the node and the channel.
const redis::Script& tell_script();      ///< ARGV: user, state, user, state …
const redis::Script& reap_script();      ///< ARGV: how many at most. Answers how many are left
const redis::Script& snapshot_script();  ///< KEYS: the users' hash, the version. Answers epoch, version, the hash

// Of the nodes. KEYS: leases, the dead, what is known of each. Times are Redis' own, in ms.
const redis::Script& beat_script();          ///< ARGV: node, lease, and what is known of it where it is new
const redis::Script& end_lease_script();     ///< ARGV: node
const redis::Script& sweep_script();         ///< ARGV: grace. Answers the dead
const redis::Script& bury_script();          ///< ARGV: node
const redis::Script& bury_unknown_script();  ///< ARGV: nodes
const redis::Script& nodes_script();         ///< Answers node, what is left of its lease, what is known of it, …

const redis::Script& agree_script();  ///< KEYS: what is agreed. ARGV: partitions, protocol. Answers both as they were

}  // namespace signalbox::cluster
