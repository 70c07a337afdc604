#include "auth/jwt.hpp"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>

#include "base/base64.hpp"

namespace signalbox::auth {
namespace {

using namespace std::chrono_literals;
constexpr char kSecret[] = "a-secret-of-at-least-thirty-two-bytes";
const std::chrono::system_clock::time_point kNow{1'700'000'000s};

std::expected<Identity, TokenError> verify(std::string_view token, Config config = {}) {
  config.jwt_secret = kSecret;
  return JwtVerifier(config).verify(token, kNow);
}
std::expected<Identity, TokenError> claims(std::string_view text, Config config = {}) {
  return verify(sign_hs256(text, kSecret), std::move(config));
}
/// A token whose header is free, signed with HS256 all the same.
std::string with_header(std::string_view header) {
  const std::string claims = R"({"id":"ada"})";
  const std::string whole = sign_hs256(claims, kSecret);
  // The signature covers another header: good for every check that must come before it.
  return base64url_encode(header) + whole.substr(whole.find('.'));
}

/// A token with this header, rightly signed.
std::string signed_with_header(std::string_view header) {
  std::string token = base64url_encode(header) + "." + base64url_encode(R"({"id":"ada"})");
  unsigned char digest[32];
  HMAC(EVP_sha256(), kSecret, sizeof kSecret - 1, reinterpret_cast<const unsigned char*>(token.data()), token.size(),
       digest, nullptr);
  return token + "." + base64url_encode(std::string_view(reinterpret_cast<const char*>(digest), sizeof digest));
}

// Source: RFC 7515, appendix A.1.
TEST(Jwt, the_example_of_the_rfc_verifies) {
  const auto secret =
      base64url_decode("AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow");
  JwtVerifier verifier(Config{.jwt_secret = *secret, .user_id_claims = {"iss"}});
  const auto identity = verifier.verify(
      "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9."
      "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0"
      "cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
      std::chrono::system_clock::time_point(1'300'000'000s));
  ASSERT_TRUE(identity.has_value());
  EXPECT_EQ(identity->user_id, "joe");
}

TEST(Jwt, the_claims_come_back_without_the_registered_ones_and_with_the_id_as_text) {
  const auto identity =
      claims(R"({"email":"ada@x.org","id":12345678901234567890123,"iat":1,"exp":1800000000,"n":1.50,"iss":"me"})");
  ASSERT_TRUE(identity.has_value());
  EXPECT_EQ(identity->user_id, "12345678901234567890123");
  EXPECT_EQ(identity->user_json, R"({"id":"12345678901234567890123","email":"ada@x.org","n":1.50})");
  EXPECT_EQ(identity->expires_at, std::chrono::system_clock::time_point(1'800'000'000s));
}

TEST(Jwt, the_first_id_claim_present_counts_and_no_other) {
  EXPECT_EQ(claims(R"({"sub":"s","userId":"u"})")->user_id, "u");
  EXPECT_EQ(claims(R"({"sub":"s","id":null})").error(), TokenError::user_id);
  for (const char* id : {"1.5", "1e3", "true", "null", "{}", "[]", "\"\"", "\"a\\u0000b\"", "\"a\\nb\""}) {
    EXPECT_EQ(claims(std::string("{\"id\":") + id + "}").error(), TokenError::user_id) << id;
  }
  EXPECT_EQ(claims("{\"id\":\"" + std::string(257, 'x') + "\"}").error(), TokenError::user_id);
  EXPECT_TRUE(claims("{\"id\":\"" + std::string(256, 'x') + "\"}").has_value());
}

TEST(Jwt, the_algorithm_is_ours_and_not_the_tokens) {
  for (const char* header :
       {R"({"alg":"none"})", R"({"alg":"HS512"})", R"({"alg":"RS256"})", R"({"alg":"hs256"})", R"({"typ":"JWT"})",
        R"({"alg":["HS256"]})", R"({"alg":"HS256","crit":["x"]})", R"({"alg":"HS256","crit":null})"}) {
    EXPECT_EQ(verify(with_header(header)).error(), TokenError::algorithm) << header;
  }
  EXPECT_EQ(verify(with_header(R"({"alg":"none","alg":"HS256"})")).error(), TokenError::malformed);
  EXPECT_EQ(verify(with_header(R"({"alg":"HS256","kid":"../../x"})")).error(), TokenError::signature)
      << "kid is not read";
}

// Source: RFC 8725 §2.1, §3.1 and §3.10.
TEST(Jwt, a_right_signature_does_not_excuse_the_header) {
  EXPECT_TRUE(verify(signed_with_header(R"({"alg":"HS256"})")).has_value());
  EXPECT_TRUE(
      verify(signed_with_header(
                 R"({"kid":"../../x","jku":"http://127.0.0.1/","x5u":1,"jwk":{"k":""},"x5c":[],"alg":"HS256"})"))
          .has_value())
      << "what names another key is not read";
  for (const char* header :
       {R"({"alg":"none"})", R"({"alg":"HS384"})", R"({"alg":"HS256 "})", R"({"alg":"HS256\u0000"})",
        R"({"ALG":"HS256"})", R"({"alg":"HS256","crit":[]})", R"({"alg":"HS256","cr\u0069t":["exp"]})"}) {
    EXPECT_EQ(verify(signed_with_header(header)).error(), TokenError::algorithm) << header;
  }
  for (const char* header :
       {"", "[]", "null", "\"HS256\"", R"({"alg":"HS256"}x)", R"({"alg":"HS256","a":1,"\u0061":2})"}) {
    EXPECT_EQ(verify(signed_with_header(header)).error(), TokenError::malformed) << header;
  }
}

TEST(Jwt, whatever_is_changed_is_refused) {
  const std::string token = sign_hs256(R"({"id":"ada"})", kSecret);
  EXPECT_EQ(verify(sign_hs256(R"({"id":"ada"})", "another")).error(), TokenError::signature);
  std::string changed = token;
  changed[token.find('.') + 3] ^= 1;
  EXPECT_FALSE(verify(changed).has_value());
  EXPECT_EQ(verify(token.substr(0, token.rfind('.') + 1)).error(), TokenError::signature);
  EXPECT_EQ(verify(token + "=").error(), TokenError::malformed);
  EXPECT_EQ(verify(token + ".x").error(), TokenError::malformed);
  for (const char* text : {"x", ".", "..", "a.b", "a.b.c", "\xff.\xff.\xff"})
    EXPECT_EQ(verify(text).error(), TokenError::malformed) << text;
  EXPECT_EQ(verify("").error(), TokenError::missing);
  EXPECT_EQ(verify(std::string(8193, 'a')).error(), TokenError::too_large);
}

TEST(Jwt, duplicate_claims_are_refused) {
  EXPECT_EQ(claims(R"({"id":"ada","id":"grace"})").error(), TokenError::claims);
  EXPECT_EQ(claims(R"({"id":"ada","\u0069d":"grace"})").error(), TokenError::claims);
}

TEST(Jwt, times_are_numbers_and_are_kept) {
  EXPECT_EQ(claims(R"({"id":"a","exp":1700000000})").error(), TokenError::expired);
  EXPECT_TRUE(claims(R"({"id":"a","exp":1700000000})", {.jwt_leeway = 1s}).has_value());
  EXPECT_TRUE(claims(R"({"id":"a","exp":1700000000.5})").has_value());
  EXPECT_EQ(claims(R"({"id":"a","nbf":1700000001})").error(), TokenError::not_yet_valid);
  EXPECT_TRUE(claims(R"({"id":"a","nbf":1700000001})", {.jwt_leeway = 1s}).has_value());
  EXPECT_EQ(claims(R"({"id":"a","exp":-1})").error(), TokenError::expired);
  for (const char* time : {"\"1800000000\"", "null", "true", "{}", "1e400"}) {
    EXPECT_EQ(claims(std::string(R"({"id":"a","exp":)") + time + "}").error(), TokenError::claims) << time;
    EXPECT_EQ(claims(std::string(R"({"id":"a","nbf":)") + time + "}").error(), TokenError::claims) << time;
  }
}

TEST(Jwt, a_far_future_arms_no_overflowing_timer) {
  for (const char* exp : {"1e18", "1e300", "99999999999999999999999"}) {
    const auto identity = claims(std::string(R"({"id":"a","exp":)") + exp + "}");
    ASSERT_TRUE(identity.has_value()) << exp;
    EXPECT_EQ(identity->expires_at, std::chrono::system_clock::time_point::max());
  }
}

TEST(Jwt, exp_can_be_required) {
  EXPECT_TRUE(claims(R"({"id":"a"})").has_value());
  EXPECT_EQ(claims(R"({"id":"a"})", {.require_exp = true}).error(), TokenError::claims);
}

TEST(Jwt, nested_claims_are_bounded) {
  const auto deep = [](int depth) {
    return R"({"id":"a","x":)" + std::string(depth, '[') + std::string(depth, ']') + "}";
  };
  EXPECT_TRUE(claims(deep(31)).has_value());
  EXPECT_EQ(claims(deep(32)).error(), TokenError::claims);
}

/// What the explanation says of each check; those that refuse begin with "NO ".
std::vector<std::string> explain(std::string_view token, Config config = {}) {
  config.jwt_secret = kSecret;
  std::vector<std::string> out;
  for (const TokenPoint& point : JwtVerifier(config).explain(token, kNow))
    out.push_back((point.error ? "NO " : "") + std::string(point.name) + ": " + point.says);
  return out;
}

TEST(Explanation, has_a_line_for_each_check) {
  const std::vector<std::string> wanted = {"form: It is a JSON Web Token.",
                                           "algorithm: It says HS256.",
                                           "signature: JWT_SECRET made its signature.",
                                           "claims: Its claims can be read.",
                                           "nbf: It is valid since 2023-11-14 22:13:20 UTC.",
                                           "exp: It expires at 2023-11-14 23:13:20 UTC, in 3600 s.",
                                           "iat: It was issued at 2023-11-14 22:13:10 UTC.",
                                           "user: The claim id says that the user is ada."};
  EXPECT_EQ(explain(sign_hs256(R"({"id":"ada","nbf":1700000000,"exp":1700003600,"iat":1699999990})", kSecret)), wanted);
}

TEST(Explanation, goes_on_behind_what_it_refuses) {
  const std::vector<std::string> wanted = {
      "form: It is a JSON Web Token.",
      "algorithm: It says HS256.",
      "NO signature: Another JWT_SECRET than this one made its signature, or it was changed.",
      "claims: Its claims can be read.",
      "NO nbf: It is not valid before 2023-11-14 22:15:00 UTC, in 100 s; JWT_LEEWAY_S is 5.",
      "NO exp: It expired at 2023-11-14 22:11:40 UTC, 100 s ago; JWT_LEEWAY_S is 5.",
      "iat: It was issued at 2023-11-14 22:15:00 UTC, which is 100 s ahead: the signer's clock differs. Nobody is "
      "refused "
      "for it.",
      "NO user: There is no id, userId, sub that says who the user is (USER_ID_CLAIMS)."};
  EXPECT_EQ(
      explain(sign_hs256(R"({"nbf":1700000100,"exp":1699999900,"iat":1700000100})", "another"), {.jwt_leeway = 5s}),
      wanted);
}

TEST(Explanation, ends_where_nothing_more_can_be_read) {
  EXPECT_EQ(explain("abc"), std::vector<std::string>{"NO form: The token is not a JSON Web Token."});
  EXPECT_EQ(explain(""), std::vector<std::string>{"NO form: No token was given: connect with auth: { token }."});
  EXPECT_EQ(explain(sign_hs256("[]", kSecret)).back(), "NO claims: Its claims are no JSON object with each name once.");
}

TEST(Explanation, says_which_setting_or_claim_refuses) {
  const auto has = [](std::string_view text, const std::string& line, Config config = {}) {
    const auto lines = explain(sign_hs256(text, kSecret), std::move(config));
    return std::find(lines.begin(), lines.end(), line) != lines.end();
  };
  EXPECT_TRUE(has(R"({"id":"a"})", "NO exp: There is no exp, and REQUIRE_EXP=on wants one.", {.require_exp = true}));
  EXPECT_TRUE(has(R"({"id":"a"})", "exp: There is no exp: it never expires."));
  EXPECT_TRUE(has(R"({"id":"a","exp":"soon"})", "NO exp: exp is no number."));
  EXPECT_TRUE(has(R"({"id":"a","nbf":[]})", "NO nbf: nbf is no number."));
  EXPECT_TRUE(has(R"({"id":"a","exp":1e300})", "exp: It expires at a time far away, in a very long time."));
  EXPECT_TRUE(has(R"({"sub":{}})",
                  "NO user: The claim sub is no user's id: 1 to 256 bytes of text without control characters, or an "
                  "integer."));
}

// Whatever a login refuses, the explanation refuses first for the same reason.
TEST(Explanation, agrees_with_the_login) {
  const std::string good = sign_hs256(R"({"id":"ada"})", kSecret);
  for (const std::string& token :
       {good, std::string(), std::string("a.b"), good + "x", with_header("{}"), signed_with_header(R"({"alg":"none"})"),
        sign_hs256("{}", kSecret), sign_hs256(R"({"id":"a","exp":1})", kSecret),
        sign_hs256(R"({"id":"a","nbf":1e12})", kSecret), std::string(9000, 'a')}) {
    const auto points = JwtVerifier(Config{.jwt_secret = kSecret}).explain(token, kNow);
    const auto refusing = std::find_if(points.begin(), points.end(), [](const TokenPoint& one) { return one.error; });
    const auto identity = verify(token);
    ASSERT_EQ(identity.has_value(), refusing == points.end()) << token;
    EXPECT_TRUE(identity || identity.error() == refusing->error) << token;
  }
}

TEST(Bearer, is_taken_off_in_any_case) {
  EXPECT_EQ(strip_bearer("Bearer abc"), "abc");
  EXPECT_EQ(strip_bearer("bearer abc"), "abc");
  EXPECT_EQ(strip_bearer("abc"), "abc");
}

}  // namespace
}  // namespace signalbox::auth
