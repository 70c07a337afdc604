#include "net/relays.hpp"

#include "reactor/socket_pair.hpp"

namespace signalbox::net {
namespace {

constexpr std::size_t kScratch = 64 * 1024;
constexpr Milliseconds kPatience{2000};  ///< with a line that opens, or that takes the rest

}  // namespace

bool Relays::open(SessionEntry& entry, std::string tag, const HandshakeRequest& handshake,
                  SessionControl::Relayed then) {
  if (!shared_.options.other_nodes || entry.relay || !entry.session.open()) return false;
  auto place = shared_.place(), for_line = shared_.place();
  auto both = place && for_line ? reactor::socket_pair() : std::nullopt;
  if (!both) return false;
  std::uint32_t number = ++last_;
  while (relays_.contains(number)) number = ++last_;
  auto made = std::make_unique<Relay>(*this, entry, number, reactor::Stream(std::move(both->first)), std::move(*place),
                                      std::move(then));
  if (!loop_.kernel().watch(made->fd(), token_of(*made), reactor::Kernel::kRead)) return false;
  entry.relay = made.get();
  wait_for(*made);
  relays_.emplace(number, std::move(made));
  shared_.options.other_nodes->carry({.tag = std::move(tag),
                                      .kind = Carried::Kind::upgrade,
                                      .stream = reactor::Stream(std::move(both->second)),
                                      .place = *std::move(for_line),
                                      .bytes = relay_request(handshake),
                                      .peer = reactor::peer_address(handshake.remote_address())});
  return true;
}

void Relays::on_event(const reactor::KernelEvent& event) {
  if (Relay* relay = find(static_cast<std::uint32_t>(event.token))) relay->on_event(event);
}

void Relays::flush() {
  for (const std::uint32_t number : std::exchange(touched_, {})) {
    Relay* relay = find(number);
    if (!relay) continue;
    relay->flush();
    if (relay->over()) relays_.erase(number);
  }
}

void Relays::run_timers() {
  while (next_deadline() <= loop_.now()) {
    if (Relay* relay = find(patience_.front().second)) relay->on_patience_over();
    patience_.pop_front();
  }
}

TimePoint Relays::wait_for(const Relay& relay) {
  return patience_.emplace_back(loop_.now() + kPatience, relay.number()).first;
}

std::span<char> Relays::scratch() {
  if (!scratch_) scratch_ = std::make_unique<char[]>(kScratch);
  return {scratch_.get(), kScratch};
}

Relay* Relays::find(std::uint32_t number) const {
  const auto found = relays_.find(number);
  return found == relays_.end() ? nullptr : found->second.get();
}

}  // namespace signalbox::net
