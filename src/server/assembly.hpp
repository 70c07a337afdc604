#pragma once
#include <memory>
#include <vector>

#include <signalbox/config.hpp>

#include "cluster/cluster.hpp"
#include "hub/hub.hpp"
#include "hub/registry.hpp"
#include "net/network.hpp"
#include "server/admin/admin_page.hpp"
#include "server/cors.hpp"
#include "server/counts_log.hpp"
#include "server/foreign_requests.hpp"
#include "server/http_api.hpp"
#include "server/metrics_page.hpp"
#include "server/presence_streams.hpp"
#include "server/queues.hpp"
#include "server/room_actions.hpp"
#include "server/routes.hpp"
#include "server/snapshot.hpp"
#include "users/directory.hpp"
#include "users/ledger_clock.hpp"

namespace signalbox::server {

/// The clocks of all parts here.
struct Clocks {
  hub::Clocks hub{};
  users::LedgerClock::Source ledger{};
};

/// All parts above a network, wired together: users, the hub, the HTTP interface and the routes. A service has one; so
/// has a simulation, with a network and clocks of its own.
///
/// thread  built by one, before the shards start; then as each part says.
class Assembly {
 public:
  /// `config`, `network` and `foreign` outlive it; without the last it is one node, whatever REDIS_URL says.
  Assembly(const Config& config, net::Network& network, Clocks clocks = {}, ForeignRequests* foreign = nullptr);
  Assembly(const Assembly&) = delete;
  Assembly& operator=(const Assembly&) = delete;

  /// Makes the part of one shard; once for each.
  std::unique_ptr<net::ShardApplication> shard(unsigned index);
  /// Outcomes lie in that store, which outlives this. Before the shards start.
  void set_store(const store::SqliteStore& store) { store_ = &store; }
  /// What can be told at once: all but the queues.
  Snapshot snapshot() const;
  /// Says in the log what has been counted since it last did; the shards have stopped.
  void tell_counts() { counts_.tell(); }

 private:
  users::DirectoryOptions directory_options(const Clocks& clocks) const;
  std::vector<Count> occurrences() const;
  void ask_for_snapshot(std::move_only_function<void(const Snapshot&)> then) const;
  void make_admin_door();
  void join_cluster(ForeignRequests& foreign);

  const Config& config_;
  net::Network& network_;
  const std::uint64_t started_;
  const store::SqliteStore* store_ = nullptr;

 public:
  hub::Registry registry;
  users::Directory directory;
  hub::Hub hub;

 private:
  HubRooms rooms_;

 public:
  std::unique_ptr<cluster::Cluster> cluster;  ///< null: there is one node
  std::unique_ptr<Queues> queues;             ///< null: none is read
  PresenceStreams streams;
  HttpApi api;
  Routes routes;
  MetricsPage metrics;                           ///< at METRICS_PORT
  std::unique_ptr<admin::AdminPage> admin_door;  ///< at ADMIN_PORT; null: there is no ADMIN_KEY

 private:
  const OriginPolicy origins_;
  RefusedOrigins refused_;
  CountsLog counts_;
};

}  // namespace signalbox::server
