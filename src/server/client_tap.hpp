#pragma once
#include <string_view>

#include "engineio/session.hpp"
#include "hub/hub.hpp"

namespace signalbox::server {

/// Stands between a session and its client, for a watcher.
///
/// thread  its shard.
class ClientTap final : public engineio::SessionHandler, public hub::Link::Tap {
 public:
  ClientTap(engineio::Session& session, engineio::SessionHandler& client, hub::Link::Watcher& watcher)
      : session_(session), client_(client), watcher_(watcher) {
    session_.set_handler(*this);
  }
  ~ClientTap() override {
    if (session_.open()) session_.set_handler(client_);  // one that has ended has no handler any more
  }
  ClientTap(const ClientTap&) = delete;
  ClientTap& operator=(const ClientTap&) = delete;

  // In a call of the client this tap may go.
  void on_text(std::string_view message, TimePoint now) override {
    watcher_.on_text(message);
    client_.on_text(message, now);
  }
  void on_binary(std::string_view bytes, TimePoint now) override {
    watcher_.on_binary(bytes);
    client_.on_binary(bytes, now);
  }
  void on_closed(CloseReason reason, TimePoint now) override { client_.on_closed(reason, now); }
  void on_received(std::uint32_t marker, TimePoint now) override {
    watcher_.on_received(marker);
    client_.on_received(marker, now);
  }
  TimePoint next_deadline() const override { return client_.next_deadline(); }
  void on_timer(TimePoint now) override { client_.on_timer(now); }

 private:
  engineio::Session& session_;
  engineio::SessionHandler& client_;
  hub::Link::Watcher& watcher_;
};

}  // namespace signalbox::server
