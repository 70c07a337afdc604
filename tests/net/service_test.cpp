#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <signalbox/signalbox.hpp>

#include <atomic>
#include <csignal>
#include <filesystem>
#include <future>
#include <thread>

// The whole service inside a program, as an application uses it.
namespace signalbox {
namespace {

Config small() {
  Config config;
  config.port = 0;
  config.host = "127.0.0.1";
  config.threads = 2;
  config.jwt_secret = "0123456789abcdef0123456789abcdef";
  config.log_level = "off";
  config.data_dir.clear();
  return config;
}

TEST(WebSocketService, emits_only_while_it_runs_and_says_so) {
  WebSocketService service(small());
  const Io io = service.io();
  const JobProgress job{.job_id = "7", .progress = 1};
  EXPECT_EQ(emit_to_user(io, "ada", job).error(), EmitError::stopped);
  service.start();
  EXPECT_NE(service.port(), 0);
  EXPECT_EQ(emit_to_user(io, "ada", job), 0u) << "offline, which is no error";
  EXPECT_EQ(emit_to_user(io, "", job).error(), EmitError::invalid_user);
  EXPECT_EQ(emit_to_user(io, "ada", "connect", nullptr).error(), EmitError::reserved_event);
  EXPECT_EQ(emit_to_user(io, "ada", "connect", {{"in", "braces"}}).error(), EmitError::reserved_event);
  EXPECT_EQ(emit_to_user(io, "ada", "x", {{"in", {{"more", "braces"}}}}), 0u);
  EXPECT_TRUE(emit_to_all(io, "x", {{"in", "braces"}}));
  EXPECT_EQ(emit_to_all(io, "connect", {{"in", "braces"}}).error(), EmitError::reserved_event);
  EXPECT_EQ(emit_to_user_json(io, "ada", "x", "{").error(), EmitError::invalid_json);
  EXPECT_FALSE(is_user_online(io, "ada"));
  EXPECT_EQ(get_online_users(io), std::vector<std::string>{});
  const ConnectionManager connections = service.connections();
  EXPECT_EQ(connections.connections("ada"), 0u);
  EXPECT_FALSE(connections.is_user_online("ada"));
  EXPECT_EQ(connections.get_online_users(), std::vector<std::string>{});
  EXPECT_EQ(connections.get_online_users_count(), 0u);
  service.stop();
  service.stop();
  EXPECT_EQ(emit_to_user(io, "ada", job).error(), EmitError::stopped);
  EXPECT_FALSE(io.post([] {}));
}

TEST(WebSocketService, runs_posted_tasks_on_a_shard_and_survives_what_they_throw) {
  WebSocketService service(small());
  service.start();
  std::promise<std::thread::id> where;
  ASSERT_TRUE(service.io().post([] { throw std::runtime_error("no"); }));
  ASSERT_TRUE(service.io().post([&] { where.set_value(std::this_thread::get_id()); }));
  EXPECT_NE(where.get_future().get(), std::this_thread::get_id());
}

TEST(WebSocketService, takes_emits_from_many_threads) {
  WebSocketService service(small());
  service.start();
  std::vector<std::jthread> workers;
  std::atomic<int> taken{0};
  for (int t = 0; t < 4; ++t) {
    workers.emplace_back([&, io = service.io(), t] {
      for (int i = 0; i < 1000; ++i)
        taken +=
            emit_to_user(io, "user-" + std::to_string(t), JobProgress{.job_id = "1", .progress = 1.0 * i}).has_value();
    });
  }
  workers.clear();
  EXPECT_EQ(taken, 4000);
}

TEST(WebSocketService, says_of_an_outcome_without_an_id_that_it_is_not_durable_since_it_is_not_kept) {
  Config config = small();
  config.data_dir = testing::TempDir() + "signalbox-service-" + std::to_string(::getpid());
  {
    WebSocketService service(config);
    service.start();
    const auto durable = [&service](const auto& job) {
      std::promise<bool> said;
      EXPECT_TRUE(emit_to_user(service.io(), "ada", job, [&said](bool on_the_disk) { said.set_value(on_the_disk); }));
      return said.get_future().get();
    };
    EXPECT_TRUE(durable(JobCompleted{.job_id = "7"}));
    EXPECT_FALSE(durable(JobCompleted{.job_id = ""}));
    EXPECT_FALSE(durable(JobFailed{.job_id = "", .error = "x"}));
  }
  std::filesystem::remove_all(config.data_dir);
}

TEST(WebSocketService, says_what_keeps_it_from_starting) {
  Config without_secret = small();
  without_secret.jwt_secret.clear();
  WebSocketService nameless(without_secret);
  EXPECT_THROW(nameless.start(), ConfigError);

  WebSocketService open(without_secret);
  open.events().without_jwt();
  EXPECT_NO_THROW(open.start()) << "where JwtAuth stands in no chain, no secret is wanted";

  WebSocketService first(small());
  first.start();
  Config same = small();
  same.port = first.port();
  WebSocketService second(same);
  try {
    second.start();
    FAIL();
  } catch (const StartError& error) {
    EXPECT_NE(std::string(error.what()).find("in use"), std::string::npos) << error.what();
  }
  EXPECT_THROW(first.start(), StartError) << "twice";
  first.stop();
  EXPECT_THROW(second.start(), StartError) << "a start that failed is not taken up again";
  EXPECT_THROW(first.events().on("late", [](Socket&, const json&, Ack) {}), std::invalid_argument);

  Config bad_origin = small();
  bad_origin.cors_origin = "example.com";
  EXPECT_THROW(WebSocketService{bad_origin}, ConfigError);
}

TEST(WebSocketService, run_returns_at_a_signal_or_at_stop_and_gives_the_signals_back) {
  struct sigaction before{}, after{};
  sigaction(SIGTERM, nullptr, &before);
  {
    WebSocketService service(small());
    service.start();
    sigaction(SIGTERM, nullptr, &after);
    EXPECT_EQ(before.sa_handler, after.sa_handler) << "start() takes no signals";
    std::jthread runner([&] { service.run(); });
    do {
      sigaction(SIGTERM, nullptr, &after);
    } while (after.sa_handler == before.sa_handler);
    std::raise(SIGTERM);
    runner.join();
  }
  sigaction(SIGTERM, nullptr, &after);
  EXPECT_EQ(before.sa_handler, after.sa_handler);

  WebSocketService stopped(small());
  stopped.start();
  std::jthread runner([&] { stopped.run(); });
  stopped.stop();
}

TEST(WebSocketService, run_leaves_a_hangup_to_a_program_that_handles_it) {
  static std::atomic<int> reloads{0};
  struct sigaction term{}, now{};
  sigaction(SIGTERM, nullptr, &term);
  const auto before = std::signal(SIGHUP, [](int) { ++reloads; });
  {
    WebSocketService service(small());
    service.start();
    std::jthread runner([&] { service.run(); });
    do {
      sigaction(SIGTERM, nullptr, &now);
    } while (now.sa_handler == term.sa_handler);
    std::raise(SIGHUP);
    EXPECT_EQ(reloads, 1);
    service.stop();
  }
  std::signal(SIGHUP, before);
}

TEST(WebSocketService, that_goes_while_outcomes_are_written_writes_them_and_calls_nobody_who_has_gone) {
  Config config = small();
  config.api_key = "key";
  config.data_dir = testing::TempDir() + "signalbox-service-" + std::to_string(::getpid());
  config.drain = std::chrono::milliseconds{1000};
  auto service = std::make_unique<WebSocketService>(config);
  service->start();
  std::promise<void> held, let_go;
  ASSERT_TRUE(emit_to_user(service->io(), "ada", JobCompleted{.job_id = "1"}, [&](bool) {
    held.set_value();  // the store's thread
    let_go.get_future().wait();
  }));
  held.get_future().wait();

  const int worker = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(service->port());
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ASSERT_EQ(::connect(worker, reinterpret_cast<const sockaddr*>(&to), sizeof to), 0);
  const std::string body = R"({"userId":"bob","event":"job_completed","data":{"jobId":"2"}})";
  const std::string request =
      "POST /api/emit HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer key\r\nContent-Type: application/json\r\n"
      "Idempotency-Key: 1\r\nContent-Length: " +
      std::to_string(body.size()) + "\r\n\r\n" + body;
  ASSERT_EQ(::send(worker, request.data(), request.size(), 0), static_cast<ssize_t>(request.size()));
  while (service->counts().users < 2) std::this_thread::yield();  // until the outcome is kept for Bob

  std::jthread going([&] { service.reset(); });
  char byte = 0;
  EXPECT_EQ(::recv(worker, &byte, 1, 0), 0) << "no answer: it is not written yet";
  let_go.set_value();
  going.join();
  ::close(worker);

  WebSocketService again(config);
  again.start();
  EXPECT_EQ(again.counts().users, 2u);
  again.stop();
  std::filesystem::remove_all(config.data_dir);
}

TEST(WebSocketService, a_route_and_a_namespace_are_named_once_and_rightly) {
  WebSocketService service(small());
  service.serve("/a", [](const RouteRequest&) { return RouteAnswer{}; });
  EXPECT_THROW(service.serve("/a", [](const RouteRequest&) { return RouteAnswer{}; }), std::invalid_argument);
  EXPECT_THROW(service.serve("a", [](const RouteRequest&) { return RouteAnswer{}; }), std::invalid_argument);
  EXPECT_THROW(service.serve("/api/x", [](const RouteRequest&) { return RouteAnswer{}; }), std::invalid_argument);
  EXPECT_THROW(service.events("no-slash"), std::invalid_argument);
}

}  // namespace
}  // namespace signalbox
