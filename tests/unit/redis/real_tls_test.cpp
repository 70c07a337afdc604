#include <cstdlib>
#include <optional>

#include "unit/redis/live_client.hpp"
#include "unit/redis/redis_server.hpp"

// TLS with a real redis-server, and with certificates of the test's own.
namespace signalbox::redis {
namespace {

using test::LiveClient;
using test::RedisServer;

struct RealTls : testing::Test {
  void SetUp() override {
    if (!test::has_redis()) GTEST_SKIP() << "there is no redis-server: apt-get install redis-server";
    ASSERT_TRUE(
        test::run_program({"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                           "-nodes", "-days", "2", "-keyout", key(), "-out", certificate(), "-subj", "/CN=test",
                           "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"}));
    trust(certificate());
  }
  ~RealTls() override { ::unsetenv("SSL_CERT_FILE"); }
  void trust(const std::string& file) { ::setenv("SSL_CERT_FILE", file.c_str(), 1); }
  void start(const std::string& clients = "no") {
    server.emplace(std::vector<std::string>{"--tls-port", port, "--bind", "127.0.0.1", "--tls-cert-file", certificate(),
                                            "--tls-key-file", key(), "--tls-ca-cert-file", certificate(),
                                            "--tls-auth-clients", clients});
  }
  std::string key() const { return folder.file("key.pem"); }
  std::string certificate() const { return folder.file("certificate.pem"); }

  const test::TemporaryFolder folder;
  const std::string port = std::to_string(test::free_port());
  std::optional<RedisServer> server;
};

TEST_F(RealTls, carries_whatever_size) {
  start();
  LiveClient client("rediss://localhost:" + port), by_address("rediss://127.0.0.1:" + port);
  EXPECT_EQ(client.next(), "up");
  EXPECT_EQ(by_address.next(), "up");
  const std::string large(5'000'000, 'x');
  EXPECT_EQ(client.ask({"SET", "k", large}), "OK");
  EXPECT_TRUE(by_address.ask({"GET", "k"}) == large);
  std::vector<std::future<std::string>> answers;
  for (int i = 0; i < 10'000; ++i) answers.push_back(client.begin({"INCR", "n"}));
  EXPECT_EQ(answers.back().get(), "10000");
}

TEST_F(RealTls, comes_back_after_the_server_was_killed) {
  start();
  LiveClient client("rediss://localhost:" + port);
  EXPECT_EQ(client.next(), "up");
  server->kill();
  EXPECT_TRUE(client.next().starts_with("down: localhost:" + port + " (127.0.0.1:" + port + ") "));
  server->start();
  std::string told = client.next();
  if (told.starts_with("down: ")) told = client.next();
  EXPECT_EQ(told, "up");
}

TEST_F(RealTls, trusts_no_certificate_that_nobody_vouches_for) {
  start();
  ASSERT_TRUE(test::run_program({"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                                 "-nodes", "-days", "2", "-keyout", folder.file("other.key"), "-out",
                                 folder.file("other.pem"), "-subj", "/CN=other"}));
  trust(folder.file("other.pem"));
  LiveClient client("rediss://localhost:" + port);
  const std::string told = client.next();
  EXPECT_TRUE(told.starts_with("down: the certificate of localhost is not accepted (self-signed certificate)")) << told;
  EXPECT_TRUE(told.contains("SSL_CERT_FILE"));
}

TEST_F(RealTls, trusts_no_certificate_of_another_name_or_address) {
  start();
  for (const char* host : {"127.0.0.2", "ip6-localhost"}) {
    LiveClient client(std::string("rediss://") + host + ":" + port);
    const std::string told = client.next();
    if (told.contains("cannot be reached") || told.contains("has no address")) continue;  // not on this machine
    EXPECT_TRUE(told.contains("mismatch") && told.contains("stands in the certificate")) << told;
  }
}

TEST_F(RealTls, is_missed_where_only_one_side_speaks_it) {
  start();
  const std::string plain_port = std::to_string(test::free_port());
  const RedisServer plain({"--port", plain_port, "--bind", "127.0.0.1"});
  LiveClient to_tls("redis://127.0.0.1:" + port),
      to_plain("rediss://127.0.0.1:" + plain_port, {.answer_time = Milliseconds(400)});
  EXPECT_TRUE(to_tls.next().contains("write rediss:// into REDIS_URL"));
  EXPECT_TRUE(to_plain.next().contains("write redis:// instead of rediss:// into REDIS_URL"));
}

TEST_F(RealTls, says_that_it_has_no_certificate_of_its_own) {
  start("yes");
  LiveClient client("rediss://localhost:" + port);
  const std::string told = client.next();
  EXPECT_TRUE(told.contains("set tls-auth-clients no")) << told;
}

}  // namespace
}  // namespace signalbox::redis
