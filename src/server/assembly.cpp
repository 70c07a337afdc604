#include "server/assembly.hpp"

#include <utility>

#include "base/log.hpp"
#include "server/shard_application.hpp"

namespace signalbox::server {

Assembly::Assembly(const Config& config, net::Network& network, Clocks clocks)
    : config_(config),
      network_(network),
      directory(network, directory_options(clocks)),
      hub{.config = config, .directory = directory, .registry = registry, .mailboxes = network, .clocks = clocks.hub},
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
  directory.presence.observe(streams);
}

users::DirectoryOptions Assembly::directory_options(const Clocks& clocks) const {
  users::DirectoryOptions options(config_);
  options.clock = clocks.ledger;
  return options;
}

std::unique_ptr<net::ShardApplication> Assembly::shard(unsigned index) {
  return std::make_unique<ShardApplication>(Parts{hub, network_, routes, streams, origins_, refused_, counts_}, index);
}

std::vector<Count> Assembly::occurrences() const {
  return {{"ignored_events", hub.counters.ignored_events},
          {"handler_errors", hub.counters.handler_errors},
          {"conflated_events", network_.counters().conflated},
          {"job_events_without_id", directory.ledger.job_events_without_id()},
          {"outcomes_expired_unread", directory.ledger.unread_expired()},
          {"log_lines_lost", log::current()->lines_lost()}};
}

}  // namespace signalbox::server
