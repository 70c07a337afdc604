#include "listeners.hpp"

#include <algorithm>
#include <utility>

namespace signalbox::node {

void Listeners::add(Listener& listener) {
  const std::scoped_lock lock(mutex_);
  listeners_.push_back(&listener);
}

void Listeners::remove(Listener& listener) {
  const std::scoped_lock lock(mutex_);
  std::erase(listeners_, &listener);
  introduced_ -= listener.introduced.size();
  count_wishes();
}

void Listeners::wish(Listener& listener, Wishes wishes) {
  const std::scoped_lock lock(mutex_);
  listener.wishes = std::move(wishes);
  count_wishes();
}

void Listeners::count_wishes() {
  const auto any = [this](auto wanted) {
    return std::ranges::any_of(listeners_, [wanted](const Listener* one) { return wanted(one->wishes); });
  };
  middleware_ = any([](const Wishes& wishes) { return wishes.middleware; });
  connections_ = any([](const Wishes& wishes) { return wishes.connections; });
  events_ = any([](const Wishes& wishes) { return wishes.connections || !wishes.events.empty(); });
}

bool Listeners::ask(LoginAsked& login, const Listener* after) {
  const std::scoped_lock lock(mutex_);
  auto at = after ? std::ranges::find(listeners_, after) : listeners_.begin();
  if (after && at != listeners_.end()) ++at;
  at = std::find_if(at, listeners_.end(), [](const Listener* one) { return one->wishes.middleware; });
  if (at == listeners_.end()) return false;
  (*at)->inbox.put(std::move(login));
  return true;
}

void Listeners::introduce(Listener& listener, const EngineRef& engine, Socket& socket, bool connected) {
  if (!listener.introduced.emplace(socket.id()).second) return;
  ++introduced_;
  listener.inbox.put_introduced({.engine = engine,
                                 .socket = socket.handle(),
                                 .user = std::string(socket.user_text()),
                                 .handshake = text_of(socket.handshake()),
                                 .connected = connected,
                                 .recovered = socket.recovered()});
}

void Listeners::on_connect(const EngineRef& engine, Socket& socket) {
  if (!connections_.load(std::memory_order_acquire)) return;
  const std::scoped_lock lock(mutex_);
  for (Listener* listener : listeners_) {
    if (listener->wishes.connections) introduce(*listener, engine, socket, true);
  }
}

// A disconnected socket is told of in turn: not under the lock.
void Listeners::on_event(const EngineRef& engine, Socket& socket, std::string_view name, Arguments arguments, Ack ack) {
  if (!events_.load(std::memory_order_acquire)) return;
  if (!tell(engine, socket, name, std::move(arguments), std::move(ack))) socket.disconnect(true);
}

// Who listens to events alone hears of their sockets when the first comes. One listener may acknowledge: who named the
// event.
bool Listeners::tell(const EngineRef& engine, Socket& socket, std::string_view name, Arguments arguments, Ack ack) {
  const std::scoped_lock lock(mutex_);
  const std::string event(name);
  const auto named =
      std::ranges::find_if(listeners_, [&](const Listener* one) { return one->wishes.events.contains(event); });
  const Listener* acknowledges = named == listeners_.end() ? nullptr : *named;
  for (Listener* listener : listeners_) {
    if (!listener->wishes.connections && !listener->wishes.events.contains(event)) continue;
    introduce(*listener, engine, socket, false);
    Event record{.engine = engine,
                 .id = std::string(socket.id()),
                 .name = event,
                 .arguments = arguments,
                 .ack = !acknowledges || acknowledges == listener ? std::exchange(ack, Ack()) : Ack()};
    if (listener->inbox.put_event(std::move(record))) continue;
    listener->inbox.put(Overrun{.id = std::string(socket.id())});
    return false;
  }
  return true;
}

void Listeners::on_disconnect(Socket& socket, std::string_view reason) {
  if (introduced_.load(std::memory_order_acquire) == 0) return;
  const std::scoped_lock lock(mutex_);
  const std::string id(socket.id());
  for (Listener* listener : listeners_) {
    if (listener->introduced.erase(id) == 0) continue;
    --introduced_;
    listener->inbox.put(Disconnected{.id = id, .reason = std::string(reason)});
  }
}

}  // namespace signalbox::node
