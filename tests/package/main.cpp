#include <signalbox/signalbox.hpp>

#include <cstdio>

int main() {
  const signalbox::Config config = signalbox::Config::from_arguments({"--port", "0"});
  const std::string token = signalbox::sign_token(signalbox::json{{"id", "u1"}}.dump(), "a secret");
  std::printf("port %d, a token of %zu bytes\n", config.port, token.size());
  return token.empty() ? 1 : 0;
}
