#pragma once
#include <string>
#include <vector>

#include "redis/subscriber.hpp"

namespace signalbox::cluster::test {

/// A subscriber whose Redis answers when the test says so.
struct SubscriberModel final : redis::Subscriber {
  using Kind = redis::Subscriptions::Kind;

  void subscribe(Kind kind, std::string_view name, redis::Subscriptions::OnConfirmed on_confirmed) override {
    names.add(kind, name, std::move(on_confirmed));
  }
  void unsubscribe(Kind kind, std::string_view name) override { names.remove(kind, name); }
  void connect() { names.on_ready(); }
  void lose() { names.on_lost(); }
  void answer(const redis::Answer& answer = redis::Reply{}) {
    while (auto batch = names.next()) names.on_answer(*batch, answer);
  }
  void refuse() { answer(std::unexpected(redis::refusal("NOPERM no permission"))); }

  redis::Subscriptions names;
};

}  // namespace signalbox::cluster::test
