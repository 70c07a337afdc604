#pragma once
#include <functional>
#include <memory>
#include <string_view>

#include "hub/client.hpp"
#include "net/application.hpp"
#include "server/arrival.hpp"
#include "server/client_tap.hpp"

namespace signalbox::server {

/// Joins an Engine.IO session (below) and a Socket.IO client (above), which may have to be let in by an Arrival:
/// nothing is decided here.
///
/// thread  its shard.
class ClientHandler final : public engineio::SessionHandler, private hub::Client {
 public:
  ClientHandler(engineio::Session& session, net::SessionControl& control, hub::LocalSockets& sockets,
                HandshakeRequest handshake, TimePoint now, Arrivals* arrivals = nullptr)
      : Client(sockets, std::move(handshake), now), session_(session), control_(control) {
    if (arrivals) arrival_ = std::make_unique<Arrival>(*arrivals, session, control, static_cast<Client&>(*this));
  }

  void on_text(std::string_view message, TimePoint now) override {
    if (!arrival_ || !kept(false, message, now)) Client::on_text(message, now);
  }
  void on_binary(std::string_view bytes, TimePoint now) override {
    if (!arrival_ || !kept(true, bytes, now)) Client::on_binary(bytes, now);
  }
  void on_closed(CloseReason reason, TimePoint now) override {
    if (arrival_) arrival_->forget();
    Client::on_closed(reason, now);
  }
  void on_received(std::uint32_t marker, TimePoint now) override { Client::on_received(marker, now); }
  TimePoint next_deadline() const override { return Client::next_deadline(); }
  void on_timer(TimePoint now) override { Client::on_timer(now); }

 private:
  bool kept(bool binary, std::string_view message, TimePoint now) {
    if (arrival_->keeps(binary, message, now)) return true;
    arrival_.reset();
    return false;
  }
  void send(FrameRef frame) override { session_.send(std::move(frame)); }
  void send_kept(FrameRef frame) override { session_.send_kept(std::move(frame)); }
  std::size_t waiting() const override { return session_.waiting(); }
  std::size_t held() const override { return session_.held_bytes(); }
  void confirm(std::uint32_t marker) override { session_.confirm(marker); }
  bool wants(std::uint32_t marker) const override { return session_.wants(marker); }
  void close(CloseReason reason, TimePoint now) override { session_.close(reason, now); }
  void set_authenticated(bool authenticated) override { control_.set_authenticated(authenticated); }
  void set_user(std::string_view id) override { control_.set_user(std::hash<std::string_view>{}(id)); }
  void set_reading(bool reading) override { control_.set_reading(reading); }
  void set_partial(std::size_t bytes) override { control_.set_partial(bytes); }
  void deadline_changed() override { session_.deadline_changed(); }
  bool over_websocket() const override { return session_.transport() == engineio::Transport::websocket; }
  std::unique_ptr<Tap> tap(Watcher& watcher) override { return std::make_unique<ClientTap>(session_, *this, watcher); }

  engineio::Session& session_;
  net::SessionControl& control_;
  std::unique_ptr<Arrival> arrival_;  ///< null: the client is served here
};

}  // namespace signalbox::server
