#include "server/assembly.hpp"

#include <algorithm>
#include <utility>

#include <signalbox/version.hpp>

#include "base/log.hpp"
#include "base/random.hpp"
#include "server/shard_application.hpp"

namespace signalbox::server {
namespace {

constexpr std::size_t kNodeCharacters = cluster::Cluster::kNameCharacters;

std::vector<Count> counts_of(const cluster::Cluster& cluster, const net::Network& network) {
  const cluster::Counts& counts = cluster.counts();
  const cluster::Tunnels::Counters tunnels = cluster.tunnels().counters();
  return {{"events_to_other_nodes", counts.events_out},
          {"events_from_other_nodes", counts.events_in},
          {"events_from_emitters", counts.adapter_in},
          {"outcomes_offered_again", counts.offered_again},
          {"requests_of_other_nodes", tunnels.requests},
          {"upgrades_of_other_nodes", tunnels.upgrades},
          {"clients_relayed_to_other_nodes", network.counters().relayed},
          {"redis_reconnects", counts.reconnects},
          {"redis_messages_not_taken", counts.unpublished.times()},
          {"redis_messages_unreadable", counts.unreadable.times() + counts.refusals.unreadable.times()},
          {"redis_events_refused", counts.refusals.events.times()},
          {"emitter_requests_ignored", counts.refusals.requests.times()}};
}

}  // namespace

Assembly::Assembly(const Config& config, net::Network& network, Clocks clocks, ForeignRequests* foreign)
    : config_(config),
      network_(network),
      directory(network, directory_options(clocks)),
      hub{.config = config, .directory = directory, .registry = registry, .mailboxes = network, .clocks = clocks.hub},
      rooms_(hub),
      streams(directory.presence, network, config.send_queue_bytes),
      api(
          config, hub,
          [&network](const net::RequestId& id, net::Response response) { network.answer(id, std::move(response)); },
          [this](const net::RequestId& id, TimePoint now) { streams.follow(id, now); }),
      routes(api),
      origins_(config.cors_origin),
      refused_(config.cors_origin),
      counts_([this] { return occurrences(); }) {
  hub.shards.resize(network.shards());
  if (foreign && !config.redis_url.empty()) join_cluster(*foreign);
  if (foreign) queues = Queues::create(config, hub, cluster ? foreign->tag() : random_base62(kNodeCharacters));
  if (queues) api.set_queues(*queues);
  directory.presence.observe(streams);
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
  return std::make_unique<ShardApplication>(
      Parts{hub, network_, {&routes, &metrics, &admin}, streams, origins_, refused_, counts_, recovering}, index);
}

std::vector<Count> Assembly::occurrences() const {
  std::vector<Count> counts = {{"ignored_events", hub.counters.ignored_events},
                               {"handler_errors", hub.counters.handler_errors},
                               {"conflated_events", network_.counters().conflated},
                               {"job_events_without_id", directory.ledger.job_events_without_id()},
                               {"outcomes_expired_unread", directory.ledger.unread_expired()},
                               {"log_lines_lost", log::current()->lines_lost()}};
  if (cluster) std::ranges::copy(counts_of(*cluster, network_), std::back_inserter(counts));
  return counts;
}

}  // namespace signalbox::server
