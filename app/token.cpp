#include <signalbox/json.hpp>
#include <signalbox/middleware/auth.hpp>

#include <chrono>
#include <iostream>

#include "commands.hpp"

namespace app {

int run_token(const signalbox::Config& config, const TokenRequest& request) {
  if (config.jwt_secret.empty())
    throw signalbox::ConfigError("JWT_SECRET is not set: set it to the secret of the server that is to take the token");
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
