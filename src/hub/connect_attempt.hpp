#pragma once
#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include <signalbox/event_registry.hpp>

#include "base/handshake_request.hpp"
#include "hub/hub.hpp"

namespace signalbox::hub {

/// Who a socket's user is, as a middleware said.
struct SocketUser {
  std::string user_id;
  std::string user_json;  ///< the object under `user` in `authenticated`
  std::chrono::system_clock::time_point expires_at = std::chrono::system_clock::time_point::max();
  std::optional<std::chrono::system_clock::time_point> issued_at{};
};

/// As hard to guess as a session's id: 20 characters.
std::string make_socket_id();

/// A client's wish to join a namespace, while the middleware chain looks at it.
class ConnectAttempt final : public ConnectRequest {
 public:
  ConnectAttempt(const HandshakeRequest& handshake, std::string_view nsp, std::string_view auth, std::size_t json_depth)
      : handshake_(handshake), nsp_(nsp), auth_(auth.empty() ? "{}" : auth), json_depth_(json_depth) {}

  std::string_view nsp() const override { return nsp_; }
  std::string_view id() const override { return id_; }
  Handshake handshake() const override;
  std::string header(std::string_view name) const override;
  std::string_view auth_text() const override { return auth_; }
  std::string query(std::string_view name) const override;
  std::string_view user_id() const override { return user_ ? std::string_view(user_->user_id) : std::string_view(); }
  std::string_view user_text() const override {
    return user_ ? std::string_view(user_->user_json) : std::string_view();
  }
  void set_user(std::string id, std::string user_object_text, std::chrono::system_clock::time_point expires) override;
  void set_issued(std::chrono::system_clock::time_point issued) override {
    if (user_) user_->issued_at = issued;
  }
  void drop_auth_key(std::string_view key) override;

  std::optional<SocketUser>& user() { return user_; }
  std::string& auth() { return auth_; }

 private:
  const HandshakeRequest& handshake_;
  const std::string_view nsp_;
  std::string auth_;
  const std::size_t json_depth_;
  const std::string id_ = make_socket_id();
  std::optional<SocketUser> user_;
};

}  // namespace signalbox::hub
