#include "auth/jwt.hpp"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <algorithm>
#include <array>

#include "auth/token_reading.hpp"
#include "base/assert.hpp"
#include "base/base64.hpp"

namespace signalbox::auth {

HmacKey::HmacKey(std::string_view secret) {
  const std::unique_ptr<EVP_MAC, decltype(&EVP_MAC_free)> hmac(EVP_MAC_fetch(nullptr, "HMAC", nullptr), EVP_MAC_free);
  keyed_.reset(EVP_MAC_CTX_new(hmac.get()));
  char digest[] = "SHA256";
  const std::array parameters = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
                                 OSSL_PARAM_construct_end()};
  // OpenSSL takes a null pointer for no key, and an empty one for an empty key.
  const auto* key = reinterpret_cast<const unsigned char*>(secret.empty() ? "" : secret.data());
  SB_ASSERT(keyed_ && EVP_MAC_init(keyed_.get(), key, secret.size(), parameters.data()) == 1);
}

void HmacKey::Free::operator()(EVP_MAC_CTX* context) const {
  EVP_MAC_CTX_free(context);
}

std::string HmacKey::sign(std::string_view text) const {
  const std::unique_ptr<EVP_MAC_CTX, Free> context(EVP_MAC_CTX_dup(keyed_.get()));
  std::string digest(32, '\0');
  std::size_t size = 0;
  SB_ASSERT(context &&
            EVP_MAC_update(context.get(), reinterpret_cast<const unsigned char*>(text.data()), text.size()) &&
            EVP_MAC_final(context.get(), reinterpret_cast<unsigned char*>(digest.data()), &size, digest.size()) &&
            size == digest.size());
  return digest;
}

std::string_view code(TokenError error) {
  if (error == TokenError::missing) return "token_missing";
  return error == TokenError::expired ? "token_expired" : "token_invalid";
}

std::string_view message(TokenError error) {
  switch (error) {
    case TokenError::missing:
      return "No token was given: connect with auth: { token }.";
    case TokenError::too_large:
      return "The token is larger than 8 KiB.";
    case TokenError::malformed:
      return "The token is not a JSON Web Token.";
    case TokenError::algorithm:
      return "The token is not signed with HS256.";
    case TokenError::signature:
      return "The token's signature is wrong.";
    case TokenError::claims:
      return "The token's claims cannot be used.";
    case TokenError::user_id:
      return "The token does not say who the user is.";
    case TokenError::not_yet_valid:
      return "The token is not valid yet.";
    case TokenError::expired:
      return "The token has expired.";
  }
  return "The token is invalid.";
}

std::expected<Identity, TokenError> JwtVerifier::verify(std::string_view token,
                                                        std::chrono::system_clock::time_point now) const {
  TokenReading reading(options_, key_, token, now);
  for (const TokenReading::Step& step : TokenReading::kSteps) {
    if (const auto error = (reading.*step.read)()) return std::unexpected(*error);
  }
  return std::move(reading).identity();
}

std::vector<TokenPoint> JwtVerifier::explain(std::string_view token, std::chrono::system_clock::time_point now) const {
  TokenReading reading(options_, key_, token, now);
  std::vector<TokenPoint> out;
  for (const TokenReading::Step& step : TokenReading::kSteps) {
    const auto error = (reading.*step.read)();
    out.push_back({.name = step.name, .error = error, .says = (reading.*step.say)(error)});
    if (error && step.others_need_it) break;
  }
  return out;
}

std::string_view strip_bearer(std::string_view text) {
  constexpr std::string_view kBearer = "bearer ";
  const bool bearer = text.size() >= kBearer.size() && std::equal(kBearer.begin(), kBearer.end(), text.begin(),
                                                                  [](char a, char b) { return a == (b | 0x20); });
  return bearer ? text.substr(kBearer.size()) : text;
}

std::string sign_hs256(std::string_view claims, std::string_view secret) {
  std::string token = base64url_encode(R"({"alg":"HS256","typ":"JWT"})");
  token += '.';
  token += base64url_encode(claims);
  const std::string signature = base64url_encode(HmacKey(secret).sign(token));
  token += '.';
  return token += signature;
}

}  // namespace signalbox::auth
