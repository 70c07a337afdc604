#pragma once
#include <string_view>
#include <utility>

#include "redis/subscriptions.hpp"

namespace signalbox::redis {

/// Hears what is published, over one connection after the other.
///
/// thread  its owner's.
class Subscriber {
 public:
  /// Is there a connection?
  virtual bool is_up() const = 0;
  /// As Subscriptions::add and remove.
  virtual void subscribe(Subscriptions::Kind kind, std::string_view name, Subscriptions::OnConfirmed on_confirmed) = 0;
  virtual void unsubscribe(Subscriptions::Kind kind, std::string_view name) = 0;
  /// Of something that is wanted already: is called when it is heard on the present connection, or on the next one.
  void subscribe_anew(Subscriptions::Kind kind, std::string_view name, Subscriptions::OnConfirmed on_confirmed) {
    unsubscribe(kind, name);
    subscribe(kind, name, std::move(on_confirmed));
  }

 protected:
  ~Subscriber() = default;
};

}  // namespace signalbox::redis
