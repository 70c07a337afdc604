#pragma once
#include <cstdint>
#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "redis/subscriber.hpp"

namespace signalbox::cluster {

/// The channels that this node hears whoever is here. It asks Redis for nothing before it hears all of them on the
/// present connection: else it would miss what is published behind the answer.
///
/// thread  the cluster's; add() before it starts.
class OwnChannels {
 public:
  using Kind = redis::Subscriptions::Kind;
  using OnHeard = std::move_only_function<void(std::expected<void, redis::Error>)>;
  enum class Need : std::uint8_t {
    must,  ///< a node that may not hear it is of no use to others
    may,   ///< goes on without it
  };

  /// `unheard`: Redis refuses one without which the node goes on.
  OwnChannels(redis::Subscriber& subscriber, std::function<void(const redis::Error&)> unheard)
      : subscriber_(subscriber), unheard_(std::move(unheard)) {}

  void add(Kind kind, std::string name, Need need) { all_.push_back({kind, std::move(name), need}); }
  /// Calls back once all are heard on the present connection, or with the reason why one that must be is not. Only the
  /// last call counts.
  void hear(OnHeard on_heard) {
    on_heard_ = std::move(on_heard);
    refused_.reset();
    left_ = all_.size();
    ++era_;
    const bool again = std::exchange(asked_, true);
    for (const auto& [kind, name, need] : all_) {
      auto on_answer = [this, need, era = era_](const std::expected<void, redis::Error>& heard) {
        if (era == era_) on_one(need, heard);
      };
      again ? subscriber_.subscribe_anew(kind, name, std::move(on_answer))
            : subscriber_.subscribe(kind, name, std::move(on_answer));
    }
  }
  /// There is no connection any more.
  void on_lost() { ++era_; }

 private:
  struct Channel {
    Kind kind;
    std::string name;
    Need need;
  };

  void on_one(Need need, const std::expected<void, redis::Error>& heard) {
    if (!heard && need == Need::must) refused_ = heard.error();
    if (!heard && need == Need::may) unheard_(heard.error());
    if (--left_ != 0) return;
    refused_ ? on_heard_(std::unexpected(*refused_)) : on_heard_({});
  }

  redis::Subscriber& subscriber_;
  const std::function<void(const redis::Error&)> unheard_;
  std::vector<Channel> all_;
  bool asked_ = false;
  std::uint64_t era_ = 0;  ///< of the last call: what was asked before is nobody's
  std::size_t left_ = 0;
  std::optional<redis::Error> refused_;
  OnHeard on_heard_;
};

}  // namespace signalbox::cluster
