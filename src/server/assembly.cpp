#include "server/assembly.hpp"

#include <algorithm>
#include <utility>

#include <signalbox/version.hpp>

#include "base/log.hpp"
#include "base/random.hpp"
#include "server/metric_table.hpp"
#include "server/shard_application.hpp"

namespace signalbox::server {
namespace {

constexpr std::size_t kNodeCharacters = cluster::Cluster::kNameCharacters;

std::uint64_t seconds_of(std::chrono::system_clock::time_point time) {
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count());
}

}  // namespace

Assembly::Assembly(const Config& config, net::Network& network, Clocks clocks, ForeignRequests* foreign)
    : config_(config),
      network_(network),
      started_(seconds_of(clocks.hub.wall())),
      directory(network, directory_options(clocks)),
      hub{.config = config, .directory = directory, .registry = registry, .mailboxes = network, .clocks = clocks.hub},
      rooms_(hub),
      streams(directory.presence, network, config.send_queue_bytes),
      api(
          config, hub,
          [&network](const net::RequestId& id, net::Response response) { network.answer(id, std::move(response)); },
          [this](const net::RequestId& id, TimePoint now) { streams.follow(id, now); }),
      routes(api),
      metrics(
          [this](auto then) { ask_for_snapshot(std::move(then)); },
          [&network](const net::RequestId& id, net::Response response) { network.answer(id, std::move(response)); }),
      origins_(config.cors_origin),
      refused_(config.cors_origin),
      counts_([this] { return occurrences(); }) {
  hub.shards.resize(network.shards());
  if (foreign && !config.redis_url.empty()) join_cluster(*foreign);
  if (foreign) queues = Queues::create(config, hub, cluster ? foreign->tag() : random_base62(kNodeCharacters));
  if (queues) api.set_queues(*queues);
  api.set_metrics(metrics);
  if (!config.admin_key.empty()) make_admin_door();
  directory.presence.observe(streams);
}

void Assembly::make_admin_door() {
  admin_door = std::make_unique<admin::AdminPage>(admin::AdminParts{.config = config_,
                                                                    .hub = hub,
                                                                    .network = network_,
                                                                    .api = api,
                                                                    .cluster = cluster.get(),
                                                                    .queues = queues.get(),
                                                                    .snapshot = [this] { return snapshot(); }});
}

void Assembly::join_cluster(ForeignRequests& foreign) {
  auto url = redis::parse_url(config_.redis_url);
  if (!url) throw ConfigError("REDIS_URL: " + url.error());
  constexpr Milliseconds kMostBeat{1000};
  const cluster::NodeTimes times{.beat = std::min(kMostBeat, config_.node_lease / 5),
                                 .lease = config_.node_lease,
                                 .grace = config_.presence_grace};
  cluster = std::make_unique<cluster::Cluster>(
      cluster::ClusterOptions{
          .url = *std::move(url),
          .tag = foreign.tag(),
          .key = config_.redis_key,
          .prefix = config_.redis_prefix,
          .times = times,
          .all_users = config_.redis_subscribe == "all",
          .queue_bytes = config_.total_queue_bytes,
          .version = kVersion,
          .limits = config_,
          .kept = {.outcome_ttl = config_.outcome_ttl.count(),
                   .progress_ttl = config_.progress_ttl.count(),
                   .replay = config_.outcome_replay.count(),
                   .unread = config_.unread_outcomes_per_user,
                   .bytes = config_.ledger_total_bytes},
          .has_socket = [&all = hub.recovery](std::string_view pid) { return all.find(pid).has_value(); }},
      directory, hub.emitter, rooms_,
      cluster::Tunnels::Server{.adopt =
                                   [this](net::Stream stream, const net::PeerAddress& peer) {
                                     static_cast<void>(network_.adopt(std::move(stream), {}, {}, peer));
                                   },
                               .place = [this] { return network_.place(); }});
  foreign.set_cluster(*cluster);
  directory.join(*cluster);
  hub.emitter.join(*cluster);
  hub.others = cluster.get();
  hub.node = foreign.tag();
  api.set_cluster(*cluster);
}

users::DirectoryOptions Assembly::directory_options(const Clocks& clocks) const {
  users::DirectoryOptions options(config_);
  options.clock = clocks.ledger;
  return options;
}

std::unique_ptr<net::ShardApplication> Assembly::shard(unsigned index) {
  cluster::Cluster* const recovering = config_.recovery_window.count() != 0 ? cluster.get() : nullptr;
  return std::make_unique<ShardApplication>(Parts{hub,
                                                  network_,
                                                  {&routes, &metrics, admin_door.get()},
                                                  streams,
                                                  origins_,
                                                  refused_,
                                                  counts_,
                                                  recovering,
                                                  admin_door.get()},
                                            index);
}

std::vector<Count> Assembly::occurrences() const {
  const Snapshot now = snapshot();
  std::vector<Count> counts;
  for (const Metric& metric : server::metrics())
    if (metric.logged) counts.push_back({metric.name, now.*metric.member});
  return counts;
}

Snapshot Assembly::snapshot() const {
  Snapshot out =
      take_snapshot({.hub = hub, .network = network_, .cluster = cluster.get(), .store = store_, .started = started_});
  out.ready = api.ready();
  return out;
}

void Assembly::ask_for_snapshot(std::move_only_function<void(const Snapshot&)> then) const {
  if (!queues) return then(snapshot());
  queues->status([this, then = std::move(then)](const Queues::Rows& rows) mutable {
    Snapshot whole = snapshot();
    whole.queues = rows;
    then(whole);
  });
}

}  // namespace signalbox::server
