#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "hub/registry.hpp"
#include "unit/noted_log.hpp"

namespace signalbox::hub {
namespace {

using signalbox::test::NotedLog;

Config with_secret(std::string secret) {
  Config config;
  config.jwt_secret = std::move(secret);
  return config;
}

const std::vector<std::string> kWarning = {
    "JWT_SECRET is shorter than 32 bytes: a short secret can be guessed from any token; use 32 random bytes or more"};

/// What the start of a service with these chains says.
std::vector<std::string> said_at_start(Registry& registry, const Config& config) {
  NotedLog noted;
  const log::Use own(noted.log);
  registry.start(config);
  return noted.lines;
}

TEST(ShortSecret, is_warned_of_once_however_many_namespaces_want_it) {
  Registry registry;
  registry.events("/a");
  registry.events("/b");
  EXPECT_EQ(said_at_start(registry, with_secret("short")), kWarning);
}

TEST(ShortSecret, of_a_programs_own_middleware_is_warned_of_by_the_service_that_it_stands_in) {
  NotedLog of_program;
  const log::Use own(of_program.log);
  const JwtAuth made(with_secret("short"));
  Registry registry;
  registry.events("/").without_jwt().use(made);
  EXPECT_EQ(said_at_start(registry, with_secret("a secret of thirty-two bytes ....")), kWarning);
  EXPECT_TRUE(of_program.lines.empty());
}

TEST(ShortSecret, that_no_chain_uses_is_not_warned_of) {
  Registry registry;
  registry.events("/").without_jwt();
  EXPECT_TRUE(said_at_start(registry, with_secret("short")).empty());
}

}  // namespace
}  // namespace signalbox::hub
