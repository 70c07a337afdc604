#include "auth/jwt.hpp"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "base/assert.hpp"
#include "base/base64.hpp"
#include "base/json_check.hpp"
#include "base/json_scan.hpp"
#include "base/json_write.hpp"

namespace signalbox::auth {
namespace {

using Seconds = std::chrono::duration<double>;
constexpr std::size_t kMaxUserIdBytes = 256;
constexpr double kFarFuture = 7'258'118'400;  ///< the year 2200, up to which no timer overflows
constexpr std::array<std::string_view, 6> kRegistered = {"iat", "exp", "nbf", "jti", "aud", "iss"};

struct Member {
  std::string name;
  std::string_view value;
};

/// The members of a JSON object; nothing if it is none, or if a name stands in it twice.
std::optional<std::vector<Member>> members_of(std::string_view text) {
  JsonItems items(text);
  if (!items.is_object() || !valid_json(text, kMaxClaimsDepth)) return std::nullopt;
  std::vector<Member> out;
  while (const auto value = items.next()) out.push_back({items.key(), *value});
  std::vector<std::string_view> names;
  names.reserve(out.size());
  for (const Member& member : out) names.push_back(member.name);
  std::ranges::sort(names);
  if (std::ranges::adjacent_find(names) != names.end()) return std::nullopt;
  return out;
}

const Member* find(const std::vector<Member>& members, std::string_view name) {
  const auto it = std::find_if(members.begin(), members.end(), [name](const Member& m) { return m.name == name; });
  return it == members.end() ? nullptr : &*it;
}

bool algorithm_is_hs256(const std::vector<Member>& header) {
  const Member* algorithm = find(header, "alg");
  return algorithm && json_string(algorithm->value) == "HS256" && !find(header, "crit");
}

std::optional<double> number(std::string_view value) {
  double out = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), out);
  if (error != std::errc{} || end != value.data() + value.size()) return std::nullopt;
  return out;
}

/// Text without control characters, or an integer's own digits.
std::optional<std::string> user_id_of(std::string_view value) {
  if (json_is_integer(value) && value.size() <= kMaxUserIdBytes) return std::string(value);
  auto text = json_string(value);
  if (!text || text->empty() || text->size() > kMaxUserIdBytes) return std::nullopt;
  const bool control = std::any_of(text->begin(), text->end(), [](unsigned char c) { return c < 0x20 || c == 0x7F; });
  if (control) return std::nullopt;
  return text;
}

std::string user_object(const std::string& id, const std::vector<Member>& claims) {
  std::string out = "{\"id\":";
  append_json_string(out, id);
  for (const Member& claim : claims) {
    if (claim.name == "id" || std::find(kRegistered.begin(), kRegistered.end(), claim.name) != kRegistered.end())
      continue;
    out += ',';
    append_json_string(out, claim.name);
    out += ':';
    out += claim.value;
  }
  return out += '}';
}

std::chrono::system_clock::time_point time_of(double unix_seconds) {
  return std::chrono::system_clock::time_point(
      std::chrono::duration_cast<std::chrono::system_clock::duration>(Seconds(unix_seconds)));
}

/// `iat` refuses nobody: it only tells how long the token was meant to live.
std::optional<std::chrono::system_clock::time_point> issued_at(const std::vector<Member>& claims) {
  const Member* claim = find(claims, "iat");
  const auto iat = claim ? number(claim->value) : std::nullopt;
  return iat && *iat >= 0 && *iat < kFarFuture ? std::optional(time_of(*iat)) : std::nullopt;
}

std::expected<void, TokenError> check_times(const std::vector<Member>& claims, const JwtOptions& options, double now,
                                            Identity& out) {
  const double leeway = static_cast<double>(options.leeway.count());
  if (const Member* claim = find(claims, "nbf")) {
    const auto nbf = number(claim->value);
    if (!nbf) return std::unexpected(TokenError::claims);
    if (*nbf > now + leeway) return std::unexpected(TokenError::not_yet_valid);
  }
  const Member* claim = find(claims, "exp");
  if (!claim)
    return options.require_exp ? std::expected<void, TokenError>(std::unexpected(TokenError::claims))
                               : std::expected<void, TokenError>();
  const auto exp = number(claim->value);
  if (!exp) return std::unexpected(TokenError::claims);
  const double until = *exp + leeway;
  if (until <= now) return std::unexpected(TokenError::expired);
  // A token that is valid beyond that never expires.
  if (until < kFarFuture) out.expires_at = time_of(until);
  return {};
}

}  // namespace

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
  if (token.empty()) return std::unexpected(TokenError::missing);
  if (token.size() > options_.max_token_bytes) return std::unexpected(TokenError::too_large);
  const std::size_t first = token.find('.');
  const std::size_t second = first == std::string_view::npos ? first : token.find('.', first + 1);
  if (second == std::string_view::npos) return std::unexpected(TokenError::malformed);
  const auto header_text = base64url_decode(token.substr(0, first));
  const auto signature = base64url_decode(token.substr(second + 1));
  if (!header_text || !signature) return std::unexpected(TokenError::malformed);
  const auto header = members_of(*header_text);
  if (!header) return std::unexpected(TokenError::malformed);
  if (!algorithm_is_hs256(*header)) return std::unexpected(TokenError::algorithm);

  const std::string expected = key_.sign(token.substr(0, second));
  if (signature->size() != expected.size() || CRYPTO_memcmp(signature->data(), expected.data(), expected.size()) != 0) {
    return std::unexpected(TokenError::signature);
  }
  const auto claims_text = base64url_decode(token.substr(first + 1, second - first - 1));
  const auto claims = claims_text ? members_of(*claims_text) : std::nullopt;
  if (!claims) return std::unexpected(TokenError::claims);

  Identity identity;
  const double seconds = std::chrono::duration_cast<Seconds>(now.time_since_epoch()).count();
  if (auto ok = check_times(*claims, options_, seconds, identity); !ok) return std::unexpected(ok.error());
  identity.issued_at = issued_at(*claims);
  for (const std::string& name : options_.id_claims) {
    const Member* claim = find(*claims, name);
    if (!claim) continue;
    auto id = user_id_of(claim->value);
    if (!id) return std::unexpected(TokenError::user_id);
    identity.user_json = user_object(*id, *claims);
    identity.user_id = std::move(*id);
    return identity;
  }
  return std::unexpected(TokenError::user_id);
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
