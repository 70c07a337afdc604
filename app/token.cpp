#include <signalbox/json.hpp>
#include <signalbox/middleware/auth.hpp>

#include <chrono>
#include <iostream>

#include "commands.hpp"
#include "typed_token.hpp"

namespace app {
namespace {

int explain(const signalbox::Config& config, const std::string& token) {
  bool accepted = true;
  for (const signalbox::TokenCheck& check : signalbox::explain_token(token, config)) {
    std::cout << (check.accepted ? "ok  " : "NO  ") << check.name << ": " << check.says << '\n';
    accepted = accepted && check.accepted;
  }
  return accepted ? 0 : 1;
}

}  // namespace

int run_token(const signalbox::Config& config, const TokenRequest& request) {
  if (config.jwt_secret.empty())
    throw signalbox::ConfigError("JWT_SECRET is not set: set it to the secret of the server that is to take the token");
  if (!request.explain.empty()) return explain(config, typed_token(request.explain));
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now).count();
  signalbox::json claims = {{config.user_id_claims.front(), request.user}};
  if (!request.email.empty()) claims["email"] = request.email;
  claims["iat"] = seconds;
  claims["exp"] = seconds + request.ttl_s;
  std::cout << signalbox::sign_token(claims.dump(), config.jwt_secret) << '\n';
  return 0;
}

}  // namespace app
