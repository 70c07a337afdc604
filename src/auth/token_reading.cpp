#include "auth/token_reading.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <openssl/crypto.h>

#include <algorithm>
#include <charconv>
#include <cmath>

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

TokenReading::Time time_of(double unix_seconds) {
  return TokenReading::Time(std::chrono::duration_cast<TokenReading::Time::duration>(Seconds(unix_seconds)));
}

/// "2026-11-29 12:00:00 UTC"
std::string utc(double unix_seconds) {
  if (!(unix_seconds >= 0 && unix_seconds < kFarFuture)) return "a time far away";
  return fmt::format("{:%F %T} UTC", fmt::gmtime(static_cast<std::time_t>(unix_seconds)));
}

std::string whole_seconds(double seconds) {
  return std::abs(seconds) < kFarFuture ? fmt::format("{:.0f} s", std::abs(seconds)) : "a very long time";
}

}  // namespace

const std::array<TokenReading::Step, 8> TokenReading::kSteps = {{
    {"form", &TokenReading::read_form, &TokenReading::say_form, true},
    {"algorithm", &TokenReading::read_algorithm, &TokenReading::say_algorithm},
    {"signature", &TokenReading::read_signature, &TokenReading::say_signature},
    {"claims", &TokenReading::read_claims, &TokenReading::say_claims, true},
    {"nbf", &TokenReading::read_not_before, &TokenReading::say_not_before},
    {"exp", &TokenReading::read_expiry, &TokenReading::say_expiry},
    {"iat", &TokenReading::read_issued, &TokenReading::say_issued},
    {"user", &TokenReading::read_user, &TokenReading::say_user},
}};

/// The members of a JSON object; nothing if it is none, or if a name stands in it twice.
std::optional<TokenReading::Members> TokenReading::members_of(std::string_view text) {
  JsonItems items(text);
  if (!items.is_object() || !valid_json(text, kMaxClaimsDepth)) return std::nullopt;
  Members out;
  while (const auto value = items.next()) out.push_back({items.key(), *value});
  std::vector<std::string_view> names;
  names.reserve(out.size());
  for (const Member& member : out) names.push_back(member.name);
  std::ranges::sort(names);
  if (std::ranges::adjacent_find(names) != names.end()) return std::nullopt;
  return out;
}

const TokenReading::Member* TokenReading::find(const Members& members, std::string_view name) {
  const auto it = std::find_if(members.begin(), members.end(), [name](const Member& m) { return m.name == name; });
  return it == members.end() ? nullptr : &*it;
}

double TokenReading::now_in_seconds() const {
  return std::chrono::duration_cast<Seconds>(now_.time_since_epoch()).count();
}

TokenReading::Error TokenReading::read_form() {
  if (token_.empty()) return TokenError::missing;
  if (token_.size() > options_.max_token_bytes) return TokenError::too_large;
  const std::size_t first = token_.find('.');
  const std::size_t second = first == std::string_view::npos ? first : token_.find('.', first + 1);
  if (second == std::string_view::npos) return TokenError::malformed;
  claims_from_ = first + 1;
  signature_from_ = second + 1;
  auto header = base64url_decode(token_.substr(0, first));
  auto signature = base64url_decode(token_.substr(signature_from_));
  if (!header || !signature) return TokenError::malformed;
  header_text_ = *std::move(header);
  signature_ = *std::move(signature);
  auto members = members_of(header_text_);
  if (!members) return TokenError::malformed;
  header_ = *std::move(members);
  return std::nullopt;
}

TokenReading::Error TokenReading::read_algorithm() {
  const Member* algorithm = find(header_, "alg");
  const bool ours = algorithm && json_string(algorithm->value) == "HS256" && !find(header_, "crit");
  return ours ? std::nullopt : Error(TokenError::algorithm);
}

TokenReading::Error TokenReading::read_signature() {
  const std::string expected = key_.sign(token_.substr(0, signature_from_ - 1));
  const bool same =
      signature_.size() == expected.size() && CRYPTO_memcmp(signature_.data(), expected.data(), expected.size()) == 0;
  return same ? std::nullopt : Error(TokenError::signature);
}

TokenReading::Error TokenReading::read_claims() {
  auto text = base64url_decode(token_.substr(claims_from_, signature_from_ - 1 - claims_from_));
  if (!text) return TokenError::claims;
  claims_text_ = *std::move(text);
  auto members = members_of(claims_text_);
  if (!members) return TokenError::claims;
  claims_ = *std::move(members);
  return std::nullopt;
}

TokenReading::Error TokenReading::read_not_before() {
  const Member* claim = find(claims_, "nbf");
  if (!claim) return std::nullopt;
  not_before_ = number(claim->value);
  if (!not_before_) return TokenError::claims;
  return *not_before_ > now_in_seconds() + leeway() ? Error(TokenError::not_yet_valid) : std::nullopt;
}

TokenReading::Error TokenReading::read_expiry() {
  const Member* claim = find(claims_, "exp");
  if (!claim) return options_.require_exp ? Error(TokenError::claims) : std::nullopt;
  expires_ = number(claim->value);
  if (!expires_) return TokenError::claims;
  const double until = *expires_ + leeway();
  if (until <= now_in_seconds()) return TokenError::expired;
  // A token that is valid beyond that never expires.
  if (until < kFarFuture) identity_.expires_at = time_of(until);
  return std::nullopt;
}

/// `iat` refuses nobody: it only tells how long the token was meant to live.
TokenReading::Error TokenReading::read_issued() {
  const Member* claim = find(claims_, "iat");
  issued_ = claim ? number(claim->value) : std::nullopt;
  if (issued_ && *issued_ >= 0 && *issued_ < kFarFuture) identity_.issued_at = time_of(*issued_);
  return std::nullopt;
}

TokenReading::Error TokenReading::read_user() {
  for (const std::string& name : options_.id_claims) {
    const Member* claim = find(claims_, name);
    if (!claim) continue;
    user_claim_ = name;
    auto id = user_id_of(claim->value);
    if (!id) return TokenError::user_id;
    identity_.user_id = *std::move(id);
    return std::nullopt;
  }
  return TokenError::user_id;
}

std::string TokenReading::user_object() const {
  std::string out = "{\"id\":";
  append_json_string(out, identity_.user_id);
  for (const Member& claim : claims_) {
    if (claim.name == "id" || std::ranges::find(kRegistered, claim.name) != kRegistered.end()) continue;
    out += ',';
    append_json_string(out, claim.name);
    out += ':';
    out += claim.value;
  }
  return out += '}';
}

Identity TokenReading::identity() && {
  identity_.user_json = user_object();
  return std::move(identity_);
}

std::string TokenReading::say_form(Error error) const {
  return error ? std::string(message(*error)) : "It is a JSON Web Token.";
}

std::string TokenReading::say_algorithm(Error error) const {
  return error ? "It is not signed with HS256, the only algorithm that is taken." : "It says HS256.";
}

std::string TokenReading::say_signature(Error error) const {
  return error ? "Another JWT_SECRET than this one made its signature, or it was changed."
               : "JWT_SECRET made its signature.";
}

std::string TokenReading::say_claims(Error error) const {
  return error ? "Its claims are no JSON object with each name once." : "Its claims can be read.";
}

std::string TokenReading::say_not_before(Error error) const {
  if (error == TokenError::claims) return "nbf is no number.";
  if (!not_before_) return "There is no nbf: it is valid at once.";
  if (!error) return fmt::format("It is valid since {}.", utc(*not_before_));
  return fmt::format("It is not valid before {}, in {}; JWT_LEEWAY_S is {}.", utc(*not_before_),
                     whole_seconds(*not_before_ - now_in_seconds()), options_.leeway.count());
}

std::string TokenReading::say_expiry(Error error) const {
  if (error == TokenError::claims)
    return find(claims_, "exp") ? "exp is no number." : "There is no exp, and REQUIRE_EXP=on wants one.";
  if (!expires_) return "There is no exp: it never expires.";
  const std::string time = whole_seconds(*expires_ - now_in_seconds());
  if (!error) return fmt::format("It expires at {}, in {}.", utc(*expires_), time);
  return fmt::format("It expired at {}, {} ago; JWT_LEEWAY_S is {}.", utc(*expires_), time, options_.leeway.count());
}

std::string TokenReading::say_issued(Error) const {
  if (!issued_) return "There is no iat, and none is needed.";
  if (*issued_ > now_in_seconds() + leeway())
    return fmt::format("It was issued at {}, which is {} ahead: the signer's clock differs. Nobody is refused for it.",
                       utc(*issued_), whole_seconds(*issued_ - now_in_seconds()));
  return fmt::format("It was issued at {}.", utc(*issued_));
}

std::string TokenReading::say_user(Error error) const {
  if (!error) return fmt::format("The claim {} says that the user is {}.", user_claim_, identity_.user_id);
  if (user_claim_.empty())
    return fmt::format("There is no {} that says who the user is (USER_ID_CLAIMS).",
                       fmt::join(options_.id_claims, ", "));
  return fmt::format("The claim {} is no user's id: 1 to {} bytes of text without control characters, or an integer.",
                     user_claim_, kMaxUserIdBytes);
}

}  // namespace signalbox::auth
