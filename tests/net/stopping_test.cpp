// stop(), from wherever it is called, and what holds of the other calls before, while and after the service runs.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <signalbox/middleware/auth.hpp>
#include <signalbox/signalbox.hpp>

#include <atomic>
#include <csignal>
#include <filesystem>
#include <future>
#include <thread>

#include "echo_server.hpp"
#include "unit/store/hanging_disk.hpp"

namespace signalbox {
namespace {

constexpr const char* kSecret = "0123456789abcdef0123456789abcdef";

Config settings() {
  Config config;
  config.port = 0;
  config.host = "127.0.0.1";
  config.threads = 2;
  config.jwt_secret = kSecret;
  config.log_level = "off";
  config.data_dir.clear();
  return config;
}

/// A folder for outcomes that goes with the test.
struct DataDir {
  ~DataDir() { std::filesystem::remove_all(path); }
  const std::string path = testing::TempDir() + "signalbox-stopping-" + std::to_string(::getpid());
};

/// Ada, who is logged in over a WebSocket.
struct Ada {
  explicit Ada(const WebSocketService& service) : client(service.port()) {
    client.send(net::test::upgrade(net::test::kWebSocket));
    client.answer();
    client.frame();
    client.send(net::test::masked(1, R"(40{"token":")" + sign_token(R"({"id":"ada"})", kSecret) + "\"}"));
    while (!client.frame().starts_with(R"(1:42["authenticated")")) {
    }
  }
  net::test::Client client;
};

/// stop() where `call` has it called; then the service is stopped for whoever waits for it, and can go.
void stops(WebSocketService& service) {
  service.run();
  EXPECT_EQ(emit_to_user(service.io(), "ada", JobProgress{.job_id = "1"}).error(), EmitError::stopped);
  EXPECT_EQ(service.counts().sessions, 0u);
  service.stop();
}

TEST(Stop, from_a_posted_task) {
  WebSocketService service(settings());
  service.start();
  ASSERT_TRUE(service.io().post([&] { service.stop(); }));
  stops(service);
}

TEST(Stop, from_a_route) {
  WebSocketService service(settings());
  service.serve("/stop", [&](const RouteRequest&) {
    service.stop();
    return RouteAnswer{.body = "as you wish"};
  });
  service.start();
  net::test::Client client(service.port());
  client.send(net::test::get("/stop"));
  EXPECT_EQ(client.body(), "as you wish");
  stops(service);
  EXPECT_TRUE(client.closed());
}

TEST(Stop, from_handlers_of_a_socket_while_it_stops_too) {
  WebSocketService service(settings());
  std::atomic<int> calls{0};
  const auto stop = [&](auto&&...) {
    service.stop();
    ++calls;
  };
  service.events().on_connect(stop).on_disconnect(stop);
  service.start();
  Ada ada(service);
  stops(service);
  EXPECT_TRUE(ada.client.frame().starts_with("8:"));
  EXPECT_EQ(calls, 2);
}

TEST(Stop, from_on_committed_on_the_stores_thread) {
  const DataDir folder;
  Config config = settings();
  config.data_dir = folder.path;
  WebSocketService service(config);
  service.start();
  ASSERT_TRUE(emit_to_user(service.io(), "ada", JobCompleted{.job_id = "1"}, [&](bool durable) {
    EXPECT_TRUE(durable);
    service.stop();
  }));
  stops(service);
}

TEST(Stop, from_on_committed_where_nothing_is_durable) {
  WebSocketService service(settings());
  service.start();
  ASSERT_TRUE(emit_to_user(service.io(), "ada", JobCompleted{.job_id = "1"}, [&](bool) { service.stop(); }));
  stops(service);
}

TEST(Stop, from_on_committed_that_the_stop_itself_calls_since_the_disk_does_not_answer) {
  const DataDir folder;
  Config config = settings();
  config.data_dir = folder.path;
  config.drain = std::chrono::milliseconds{0};
  WebSocketService service(config);
  service.start();
  std::atomic<bool> told{false};
  {
    const store::test::HangingDisk disk;
    ASSERT_TRUE(emit_to_user(service.io(), "ada", JobCompleted{.job_id = "1"}, [&](bool durable) {
      EXPECT_FALSE(durable);
      service.stop();
      told = true;
    }));
    service.stop();
  }
  EXPECT_TRUE(told);
}

TEST(Stop, from_many_threads_and_a_handler_at_once_returns_to_each_thread_when_all_is_over) {
  WebSocketService service(settings());
  service.start();
  Ada ada(service);
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i) {
    static_cast<void>(service.io().post([&] { service.stop(); }));
    threads.emplace_back([&] {
      service.stop();
      EXPECT_EQ(service.counts().sessions, 0u);
    });
  }
}

TEST(Stop, in_the_background_is_over_before_the_service_goes) {
  auto service = std::make_unique<WebSocketService>(settings());
  service->start();
  Ada ada(*service);
  std::promise<void> stopped;
  ASSERT_TRUE(service->io().post([&] {
    service->stop();
    stopped.set_value();
  }));
  stopped.get_future().wait();
  service.reset();
  EXPECT_TRUE(ada.client.frame().starts_with("8:"));
}

TEST(Stop, before_start_is_not_forgotten) {
  WebSocketService service(settings());
  service.stop();
  service.run();
  EXPECT_THROW(service.start(), StartError);
}

TEST(Run, tells_when_it_listens_and_a_signal_from_then_on_is_taken) {
  WebSocketService service(settings());
  std::uint16_t port = 0;
  service.run([&] {
    port = service.port();
    std::raise(SIGTERM);
  });
  EXPECT_NE(port, 0);
}

TEST(Run, ends_at_once_if_it_is_stopped_as_soon_as_it_listens) {
  WebSocketService service(settings());
  service.run([&] { service.stop(); });
  EXPECT_EQ(service.counts().connections, 0u);
}

TEST(Run, ends_with_what_is_thrown_when_it_listens) {
  WebSocketService service(settings());
  EXPECT_THROW(service.run([] { throw std::runtime_error("no workers"); }), std::runtime_error);
  EXPECT_EQ(emit_to_user(service.io(), "ada", JobProgress{.job_id = "1"}).error(), EmitError::stopped);
}

TEST(Drain, ends_a_service_that_the_program_has_started_as_a_signal_would) {
  WebSocketService service(settings());
  service.start();
  net::test::Client client(service.port());
  client.send("GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_NE(client.body().find("\"sid\""), std::string::npos);
  service.drain();
  EXPECT_EQ(service.counts().sessions, 0u);
  EXPECT_EQ(emit_to_user(service.io(), "ada", "x", 1).error(), EmitError::stopped);
  service.drain();
}

TEST(Drain, is_cut_short_by_a_stop_and_wakes_a_run) {
  Config config = settings();
  config.shutdown_delay = std::chrono::hours(1);
  WebSocketService drained(config), running(settings());
  drained.start();
  auto drain = std::async(std::launch::async, [&] { drained.drain(); });
  while (emit_to_user(drained.io(), "ada", "x", 1)) drained.stop();
  drain.get();
  std::promise<void> started;
  auto run = std::async(std::launch::async, [&] { running.run([&] { started.set_value(); }); });
  started.get_future().get();
  while (run.wait_for(std::chrono::milliseconds(1)) != std::future_status::ready) running.drain();
}

TEST(Stop, of_another_service_from_a_handler) {
  WebSocketService one(settings()), other(settings());
  one.start();
  other.start();
  ASSERT_TRUE(one.io().post([&] { other.stop(); }));
  stops(other);
  EXPECT_TRUE(one.io().post([] {}));
}

TEST(TwoServices, in_one_process_emit_and_answer_from_each_others_handlers) {
  Config wide = settings();
  wide.threads = 8;
  WebSocketService mine(wide), other(settings());
  std::vector<Ack> acks;
  std::atomic<std::size_t> asked{0};
  mine.events().on("ask", [&](Socket&, const json&, Ack ack) {
    acks.push_back(std::move(ack));
    ++asked;
  });
  mine.start();
  other.start();
  std::vector<std::unique_ptr<Ada>> clients;
  for (std::size_t i = 0; i < 16; ++i) {  // on all shards, one after the other: `acks` has no lock
    clients.push_back(std::make_unique<Ada>(mine));
    clients.back()->client.send(net::test::masked(1, R"(421["ask"])"));
    while (asked <= i) std::this_thread::yield();
  }
  ASSERT_TRUE(other.io().post([&] { EXPECT_EQ(emit_to_user(mine.io(), "ada", "from_afar", 1), 16u); }));
  for (const auto& ada : clients) EXPECT_EQ(ada->client.frame(), R"(1:42["from_afar",1])");
  ASSERT_TRUE(other.io().post([&] {
    for (Ack& ack : acks) ack(2);
    EXPECT_TRUE(mine.io().post([] {}));
  }));
  for (const auto& ada : clients) EXPECT_EQ(ada->client.frame(), "1:431[2]");
}

/// Every call that its header allows to any thread.
void call_all(const WebSocketService& service) {
  const Io io = service.io();
  const std::string user = "ada";
  static_cast<void>(io.post([] {}));
  static_cast<void>(emit_to_user(io, user, JobProgress{.job_id = "1", .progress = 1}));
  static_cast<void>(emit_to_user(io, user, JobCompleted{.job_id = "1"}));
  static_cast<void>(emit_to_user(io, user, JobFailed{.job_id = "1", .error = "no"}));
  static_cast<void>(emit_to_user(io, user, JobCompleted{.job_id = "2"}, [](bool) {}));
  static_cast<void>(emit_to_user(io, user, JobFailed{.job_id = "2", .error = "no"}, [](bool) {}));
  static_cast<void>(emit_to_user(io, user, "hello", json(1)));
  static_cast<void>(emit_to_user_json(io, user, "hello", "1"));
  static_cast<void>(is_user_online(io, user));
  static_cast<void>(get_online_users(io));
  static_cast<void>(get_online_users_count(io));
  const ConnectionManager connections = service.connections();
  static_cast<void>(connections.connections(user));
  static_cast<void>(connections.is_user_online(user));
  static_cast<void>(connections.get_online_users());
  static_cast<void>(connections.get_online_users_count());
  static_cast<void>(service.counts());
  static_cast<void>(service.port());
  static_cast<void>(service.config());
}

TEST(AnyThread, may_call_what_is_said_to_be_for_any_while_the_service_starts_runs_and_stops) {
  for (const bool durable : {true, false}) {
    const DataDir folder;
    Config config = settings();
    if (durable) config.data_dir = folder.path;
    auto service = std::make_unique<WebSocketService>(config);
    std::promise<std::jthread> answers;
    service->events().on("ask", [&](Socket&, const json&, Ack ack) {
      answers.set_value(std::jthread([ack = std::move(ack)]() mutable { ack(1); }));
    });
    std::atomic<bool> over{false};
    std::atomic<int> rounds{0};
    std::vector<std::jthread> threads;
    for (int i = 0; i < 3; ++i) {
      threads.emplace_back([&] {
        for (; !over; ++rounds) call_all(*service);
      });
    }
    const auto some_rounds = [&] {
      for (const int begun = rounds; rounds < begun + 10;) std::this_thread::yield();
    };
    some_rounds();
    service->start();
    {
      Ada ada(*service);
      ada.client.send(net::test::masked(1, R"(421["ask"])"));
      while (ada.client.frame() != "1:431[1]") {
      }
      answers.get_future().get().join();
      some_rounds();
    }
    threads.emplace_back([&] { service->stop(); });
    service->stop();
    some_rounds();
    over = true;
    threads.clear();
  }
}

TEST(AnyThread, hears_whether_the_service_runs) {
  auto service = std::make_unique<WebSocketService>(settings());
  const Io io = service->io();
  const auto refused = [&] {
    EXPECT_EQ(emit_to_user(io, "ada", JobProgress{.job_id = "1"}).error(), EmitError::stopped);
    EXPECT_EQ(emit_to_user(io, "ada", JobCompleted{.job_id = "1"}, [](bool) { FAIL(); }).error(), EmitError::stopped);
    EXPECT_EQ(emit_to_user(io, "ada", "hello", 1).error(), EmitError::stopped);
    EXPECT_EQ(emit_to_user_json(io, "ada", "hello", "1").error(), EmitError::stopped);
    EXPECT_FALSE(io.post([] { FAIL(); }));
    EXPECT_FALSE(is_user_online(io, "ada"));
    EXPECT_EQ(get_online_users_count(io), 0u);
  };
  refused();
  EXPECT_EQ(service->port(), 0);
  EXPECT_EQ(service->counts().connections, 0u);
  service->start();
  EXPECT_TRUE(emit_to_user(io, "ada", "hello", 1));
  service->stop();
  refused();
}

}  // namespace
}  // namespace signalbox
