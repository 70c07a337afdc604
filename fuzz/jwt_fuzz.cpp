// Tokens: any bytes as they come, and any bytes as header and claims under a right signature, so that what stands
// behind it is reached.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include "auth/jwt.hpp"
#include "base/base64.hpp"
#include "base/json_check.hpp"

namespace {

using namespace signalbox::auth;
constexpr char kSecret[] = "a-secret-of-at-least-thirty-two-bytes";

void require(bool holds) {
  if (!holds) std::abort();
}

void check(const JwtVerifier& verifier, std::string_view token, bool signed_by_us) {
  const std::chrono::system_clock::time_point now{std::chrono::seconds(1'700'000'000)};
  const auto identity = verifier.verify(token, now);
  if (!identity) {
    require(!message(identity.error()).empty() && code(identity.error()).starts_with("token_"));
    return;
  }
  require(signed_by_us);
  require(!identity->user_id.empty() && identity->user_id.size() <= 256);
  require(std::none_of(identity->user_id.begin(), identity->user_id.end(),
                       [](unsigned char c) { return c < 0x20 || c == 0x7F; }));
  require(identity->user_json.starts_with("{\"id\":\"") && signalbox::valid_json(identity->user_json, 64));
  require(identity->expires_at > now);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const JwtVerifier verifier(signalbox::Config{
      .jwt_secret = kSecret, .jwt_leeway = std::chrono::seconds(data[0] & 1), .require_exp = (data[0] & 2) != 0});
  const auto copy = std::make_unique<char[]>(size - 1);  // exact size: one byte too far is seen
  std::copy(data + 1, data + size, copy.get());
  const std::string_view text(copy.get(), size - 1);
  check(verifier, text, false);
  check(verifier, strip_bearer(text), false);
  check(verifier, sign_hs256(text, kSecret), true);
  // Somebody else's header over claims that we would take.
  const std::string signed_claims = sign_hs256(R"({"id":"ada"})", kSecret);
  check(verifier, signalbox::base64url_encode(text) + signed_claims.substr(signed_claims.find('.')),
        text == R"({"alg":"HS256","typ":"JWT"})");
  return 0;
}
