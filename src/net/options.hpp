#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <signalbox/config.hpp>

#include "base/clock.hpp"
#include "engineio/session.hpp"
#include "net/door.hpp"
#include "net/other_nodes.hpp"

namespace signalbox::net {

/// Where a door for operators is. The first shard serves it.
struct SidePort {
  Door door;
  std::string host;  ///< as Options::host
  std::uint16_t port;
  std::string_view prefix;  ///< of the names of its settings: "METRICS_" of METRICS_HOST and METRICS_PORT
};

/// Those that are on.
inline std::vector<SidePort> side_ports_of(const Config& config) {
  std::vector<SidePort> out;
  if (config.metrics_port != 0) out.push_back({Door::metrics, config.metrics_host, config.metrics_port, "METRICS_"});
  const std::string admin_host = config.admin_host.empty() ? "localhost" : config.admin_host;
  if (!config.admin_key.empty()) out.push_back({Door::admin, admin_host, config.admin_port, "ADMIN_"});
  return out;
}

/// What the network must know of the configuration.
struct Options {
  Options(const Config& config = {})  // implicit: a Config will do
      : host(config.host),
        port(config.port),
        listen(config.listen),
        shards(config.threads),
        path(config.path),
        session(config),
        head_timeout(config.header_timeout),
        body_timeout(config.body_timeout),
        idle_timeout(config.idle_timeout),
        max_head_bytes(config.max_head_bytes),
        max_fields(config.max_head_fields),
        max_connections(config.max_connections),
        max_unauthenticated(config.max_unauthenticated),
        max_unauthenticated_per_address(config.max_unauthenticated_per_address),
        mailbox_messages(config.mailbox_messages),
        total_partial_bytes(config.total_partial_bytes),
        preauth_message_bytes(config.preauth_message_bytes),
        preauth_heads_bytes(config.preauth_heads_bytes),
        max_fragments(config.max_fragments),
        connect_timeout(config.connect_timeout),
        tcp_user_timeout(config.tcp_user_timeout),
        side_ports(side_ports_of(config)) {}

  std::string host;    ///< empty: all addresses, IPv6 and IPv4; a name: all of its; "localhost": loopback
  std::uint16_t port;  ///< 0: any, see Network::port()
  bool listen;         ///< else there is no port, and connections come by Network::adopt()
  unsigned shards;     ///< 0: as many as there are cores
  std::string path;
  engineio::SessionOptions session;
  Milliseconds head_timeout;
  Milliseconds body_timeout;
  Milliseconds idle_timeout;
  std::size_t max_head_bytes;
  std::size_t max_fields;
  std::size_t max_connections;                  ///< 0: connections_within()
  std::size_t max_unauthenticated;              ///< 0: a tenth of max_connections, at least 1000
  std::size_t max_unauthenticated_per_address;  ///< sessions without a login from one address; 0: no limit
  std::size_t mailbox_messages;
  std::size_t total_partial_bytes;
  std::size_t preauth_message_bytes;
  std::size_t preauth_heads_bytes;  ///< of all sessions without a login
  std::uint32_t max_fragments;
  Milliseconds connect_timeout;  ///< for the other node's first word to a client that it is to serve
  Milliseconds tcp_user_timeout;
  std::vector<SidePort> side_ports;
  std::string node_tag{};             ///< with which session ids begin; empty: with none, for there are no other nodes
  OtherNodes* other_nodes = nullptr;  ///< it outlives the network's stop(); null: there are none
};

}  // namespace signalbox::net
