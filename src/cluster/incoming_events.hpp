#pragma once
#include <cstddef>

#include "cluster/counts.hpp"
#include "cluster/guests.hpp"
#include "cluster/node_message.hpp"
#include "cluster/shared_ledger.hpp"
#include "users/emitter.hpp"

namespace signalbox::cluster {

/// Events that other nodes relay here, for sockets of this node.
///
/// thread  the cluster's.
class IncomingEvents {
 public:
  IncomingEvents(users::Directory& directory, users::Emitter& emitter, const Guests& guests, Counts& counts,
                 std::size_t json_depth)
      : directory_(directory), emitter_(emitter), guests_(guests), counts_(counts), json_depth_(json_depth) {}

  /// Where outcomes are known by their names. Before anything comes.
  void set_ledger(SharedLedger& ledger) { ledger_ = &ledger; }
  void take(const RelayedEvent& event);

 private:
  users::Directory& directory_;
  users::Emitter& emitter_;
  const Guests& guests_;
  Counts& counts_;
  const std::size_t json_depth_;
  SharedLedger* ledger_ = nullptr;
};

}  // namespace signalbox::cluster
