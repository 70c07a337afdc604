#pragma once
#include <string>
#include <string_view>
#include <utility>

#include "base/random.hpp"
#include "cluster/cluster.hpp"
#include "net/options.hpp"

namespace signalbox::server {

/// Brings requests whose sessions live on other nodes to the cluster.
///
/// thread  any, once the cluster is set.
class ForeignRequests final : public net::OtherNodes {
 public:
  /// Of a service that is one of several nodes, a tag of its own; else none.
  explicit ForeignRequests(const Config& config)
      : tag_(config.redis_url.empty() ? std::string() : random_base62(cluster::Cluster::kNameCharacters)) {}

  const std::string& tag() const { return tag_; }
  void set_cluster(cluster::Cluster& cluster) { cluster_ = &cluster; }
  net::Options options(const Config& config) {
    net::Options options(config);
    if (tag_.empty()) return options;
    options.node_tag = tag_;
    options.other_nodes = this;
    return options;
  }

  bool knows(std::string_view) override { return cluster_ && cluster_->carries(); }
  void carry(net::Carried carried) override {
    const auto kind =
        carried.kind == net::Carried::Kind::upgrade ? cluster::Tunnels::Kind::upgrade : cluster::Tunnels::Kind::request;
    cluster_->tunnels().carry(std::move(carried.tag), kind,
                              {.stream = std::move(carried.stream),
                               .place = std::move(carried.place),
                               .bytes = std::move(carried.bytes),
                               .peer = carried.peer});
  }

 private:
  const std::string tag_;
  cluster::Cluster* cluster_ = nullptr;
};

}  // namespace signalbox::server
