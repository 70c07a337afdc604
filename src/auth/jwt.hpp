#pragma once
#include <chrono>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <signalbox/config.hpp>

struct evp_mac_ctx_st;  // OpenSSL's

namespace signalbox::auth {

inline constexpr std::size_t kMaxClaimsDepth = 32;  ///< nesting of a token's header and claims

inline constexpr std::size_t kShortSecretBytes = 32;  ///< a secret or key of fewer can be guessed

/// What the configuration says of tokens.
struct JwtOptions {
  JwtOptions(const Config& config = {})  // implicit: a Config will do
      : secret(config.jwt_secret),
        leeway(config.jwt_leeway),
        require_exp(config.require_exp),
        id_claims(config.user_id_claims) {}

  std::string secret;
  std::chrono::seconds leeway;
  bool require_exp;
  std::vector<std::string> id_claims;
  std::size_t max_token_bytes = 8192;
};

enum class TokenError : std::uint8_t {
  missing,
  too_large,
  malformed,
  algorithm,
  signature,
  claims,
  user_id,
  not_yet_valid,
  expired
};
/// What a client reads in `unauthorized`: token_missing, token_expired, or token_invalid for all the rest.
std::string_view code(TokenError error);
/// A sentence for people.
std::string_view message(TokenError error);

/// Who a verified token speaks of.
struct Identity {
  std::string user_id;
  std::string user_json;  ///< {"id":"…", the other claims in their own bytes}, without iat, exp, nbf, jti, aud, iss
  std::chrono::system_clock::time_point expires_at = std::chrono::system_clock::time_point::max();
  std::optional<std::chrono::system_clock::time_point> issued_at{};  ///< `iat`, where it is a time
};

/// One thing that a login looks at in a token.
struct TokenPoint {
  std::string_view name;
  std::optional<TokenError> error{};  ///< why it is refused
  std::string says;                   ///< a sentence, without the token and the secret
};

/// HMAC-SHA256 with one key, which is made ready once: what OpenSSL does for each key costs more than a signature.
///
/// thread  any; constant.
class HmacKey {
 public:
  explicit HmacKey(std::string_view secret);
  std::string sign(std::string_view text) const;

 private:
  struct Free {
    void operator()(evp_mac_ctx_st* context) const;
  };
  std::unique_ptr<evp_mac_ctx_st, Free> keyed_;
};

/// Verifies HS256 and nothing else: what a token says of its algorithm is compared, never obeyed, and kid, jku, x5u,
/// jwk and x5c are not read.
///
/// thread  any; constant. source  RFC 7515, RFC 7519, RFC 8725.
class JwtVerifier {
 public:
  explicit JwtVerifier(JwtOptions options) : options_(std::move(options)), key_(options_.secret) {}
  std::expected<Identity, TokenError> verify(std::string_view token, std::chrono::system_clock::time_point now) const;
  /// The same checks, without stopping at the first that refuses: a line for each, as far as the token can be read.
  std::vector<TokenPoint> explain(std::string_view token, std::chrono::system_clock::time_point now) const;

 private:
  JwtOptions options_;
  HmacKey key_;
};

/// "Bearer abc" -> "abc"; other text stays as it is.
std::string_view strip_bearer(std::string_view text);
/// A token of these claims (a JSON object as text).
std::string sign_hs256(std::string_view claims, std::string_view secret);

}  // namespace signalbox::auth
