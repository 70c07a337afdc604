#include <signalbox/middleware/auth.hpp>

#include <chrono>

#include "auth/jwt.hpp"
#include "base/json_scan.hpp"

namespace signalbox {
namespace {

void need_secret(const Config& config) {
  if (!config.jwt_secret.empty()) return;
  throw ConfigError(
      "JWT_SECRET is not set: set it to the secret that signs your users' tokens, at least 32 random bytes.");
}

/// The text under `token` in the connect payload; empty if there is none.
std::string token_in(std::string_view auth) {
  const auto token = json_member(auth, "token");
  return token ? json_string(*token).value_or("") : "";
}

ConnectRefusal refusal(auth::TokenError error, AuthFailure how) {
  return {.message = std::string(auth::message(error)),
          .data = {{"code", auth::code(error)}, {"message", auth::message(error)}},
          .as_unauthorized_event = how == AuthFailure::unauthorized};
}

}  // namespace

struct JwtAuth::Impl {
  explicit Impl(const Config& config)
      : verifier(config),
        how(config.auth_failure),
        token_in_query(config.token_in_query),
        short_secret(config.jwt_secret.size() < auth::kShortSecretBytes) {}

  auth::JwtVerifier verifier;
  AuthFailure how;
  bool token_in_query;
  bool short_secret;
};

JwtAuth::JwtAuth(const Config& config) {
  need_secret(config);
  impl_ = std::make_shared<const Impl>(config);
}

bool JwtAuth::short_secret() const {
  return impl_->short_secret;
}

const auth::JwtVerifier& JwtAuth::verifier() const {
  return impl_->verifier;
}

std::expected<void, ConnectRefusal> JwtAuth::operator()(ConnectRequest& request) const {
  std::string token = token_in(request.auth_text());
  if (token.empty()) token = request.header("authorization");
  if (token.empty() && impl_->token_in_query) token = request.query("token");
  const auto identity = impl_->verifier.verify(auth::strip_bearer(token), std::chrono::system_clock::now());
  if (!identity) return std::unexpected(refusal(identity.error(), impl_->how));
  request.set_user(identity->user_id, identity->user_json, identity->expires_at);
  if (identity->issued_at) request.set_issued(*identity->issued_at);
  request.drop_auth_key("token");
  return {};
}

std::string sign_token(std::string_view claims, std::string_view secret) {
  return auth::sign_hs256(claims, secret);
}

std::vector<TokenCheck> explain_token(std::string_view token, const Config& config,
                                      std::chrono::system_clock::time_point now) {
  need_secret(config);
  std::vector<TokenCheck> out;
  for (auth::TokenPoint& point : auth::JwtVerifier(config).explain(auth::strip_bearer(token), now))
    out.push_back({.name = std::string(point.name), .accepted = !point.error, .says = std::move(point.says)});
  return out;
}

}  // namespace signalbox
