#include "hub/connect_attempt.hpp"

#include <algorithm>
#include <stdexcept>

#include "auth/jwt.hpp"
#include "base/json_check.hpp"
#include "base/json_scan.hpp"
#include "base/random.hpp"
#include "hub/handshake.hpp"
#include "users/encode.hpp"

namespace signalbox::hub {

std::string make_socket_id() {
  constexpr std::size_t kBytes = 15;  // 120 random bits are 20 characters
  return random_id(kBytes);
}

Handshake ConnectAttempt::handshake() const {
  return read_handshake(handshake_, auth_);
}
std::string ConnectAttempt::header(std::string_view name) const {
  return header_of(handshake_, name);
}
std::string ConnectAttempt::query(std::string_view name) const {
  return query_of(handshake_, name);
}

void ConnectAttempt::set_user(std::string id, std::string user_object_text,
                              std::chrono::system_clock::time_point expires) {
  if (!users::valid_user_id(id)) throw std::invalid_argument(std::string(to_text(EmitError::invalid_user)));
  // JSON_DEPTH is for what clients and workers send: claims have a bound of their own, and may be deeper.
  const std::size_t depth = std::max(json_depth_, auth::kMaxClaimsDepth);
  if (user_object_text.size() > kMaxMessageBytes || !valid_json(user_object_text, depth) ||
      !JsonItems(user_object_text).is_object()) {
    throw std::invalid_argument("The user object is not the text of a JSON object.");
  }
  user_ = SocketUser{.user_id = std::move(id), .user_json = std::move(user_object_text), .expires_at = expires};
}

void ConnectAttempt::drop_auth_key(std::string_view key) {
  auth_ = json_without(auth_, key);
}

}  // namespace signalbox::hub
