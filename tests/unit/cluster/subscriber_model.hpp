#pragma once
#include <string>
#include <vector>

#include "redis/subscriber.hpp"

namespace signalbox::cluster::test {

/// A subscriber whose Redis answers when the test says so.
struct SubscriberModel final : redis::Subscriber {
  using Kind = redis::Subscriptions::Kind;

  bool is_up() const override { return up; }
  void subscribe(Kind kind, std::string_view name, redis::Subscriptions::OnConfirmed on_confirmed) override {
    names.add(kind, name, std::move(on_confirmed));
  }
  void unsubscribe(Kind kind, std::string_view name) override { names.remove(kind, name); }
  void connect() {
    up = true;
    names.on_ready();
  }
  void lose() {
    up = false;
    names.on_lost();
  }
  bool hears(const std::string& pattern) const { return names.is_confirmed(Kind::pattern, pattern); }
  void answer(const redis::Answer& answer = redis::Reply{}) {
    while (auto batch = names.next()) names.on_answer(*batch, answer);
  }
  void refuse() { answer(std::unexpected(redis::refusal("NOPERM no permission"))); }

  bool up = false;
  redis::Subscriptions names;
};

}  // namespace signalbox::cluster::test
