#pragma once
#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <signalbox/config.hpp>
#include <signalbox/event_registry.hpp>

namespace signalbox {

namespace auth {
class JwtVerifier;
}

/// The middleware that stands in every namespace by default: an HS256 token from the connect payload (`auth.token`,
/// with or without "Bearer "), else from the Authorization header of the handshake, says who the user is.
///
/// The algorithm comes from configuration, never from the token. source  RFC 7515, RFC 7519.
class JwtAuth {
 public:
  explicit JwtAuth(const Config& config);
  std::expected<void, ConnectRefusal> operator()(ConnectRequest& request) const;

 private:
  friend class hub::Incoming;  // for the event `authenticate`
  friend class hub::Registry;  // which warns of a short secret
  const auth::JwtVerifier& verifier() const;
  bool short_secret() const;

  struct Impl;
  std::shared_ptr<const Impl> impl_;  // copied into std::function with the rest of the chain
};

/// A token for tests, demos and `signalbox token`: claims is a JSON object as text.
[[nodiscard]] std::string sign_token(std::string_view claims, std::string_view secret);

/// One thing that a login looks at in a token.
struct TokenCheck {
  std::string name;  ///< form, algorithm, signature, claims, nbf, exp, iat, user
  bool accepted = false;
  std::string says;  ///< what was found, as a sentence; never the token or the secret
};

/// What a login with these settings thinks of a token, with or without "Bearer ": every check of JwtAuth in its order,
/// as far as the token can be read. It is let in if all accept it. Throws ConfigError without a JWT_SECRET.
[[nodiscard]] std::vector<TokenCheck> explain_token(
    std::string_view token, const Config& config,
    std::chrono::system_clock::time_point now = std::chrono::system_clock::now());

}  // namespace signalbox
