#include <gtest/gtest.h>
#include <pthread.h>
#include <sys/stat.h>

#include <signalbox/signalbox.hpp>

#include <algorithm>
#include <clocale>
#include <csignal>
#include <future>
#include <locale>
#include <mutex>
#include <string>
#include <vector>

#include "echo_server.hpp"

// Services as guests of a program: each with its own configuration, users and log, and nothing of the process changed.
namespace signalbox {
namespace {

/// The program's own logger. thread: any.
class NotedLines {
 public:
  LogSink sink() {
    return [this](const LogLine& line) {
      std::string text = std::to_string(static_cast<int>(line.level)) + ' ' + std::string(line.event);
      for (const LogField& field : line.fields) ((text += ' ') += field.name) += '=' + std::string(field.value);
      const std::lock_guard lock(mutex_);
      lines_.push_back(std::move(text));
    };
  }
  bool has(std::string_view part) const { return count(part) != 0; }
  long count(std::string_view part) const {
    const std::lock_guard lock(mutex_);
    return std::ranges::count_if(lines_, [&](const std::string& line) { return line.contains(part); });
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> lines_;
};

/// One user's WebSocket.
class Browser {
 public:
  Browser(std::uint16_t port, const std::string& user) : client_(port) {
    client_.send(
        "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n");
    client_.answer();
    const std::string token = sign_token(json{{"id", user}}.dump(), "0123456789abcdef0123456789abcdef");
    client_.send(net::test::masked(1, "40{\"token\":\"" + token + "\"}"));
    hear("authenticated");
  }
  /// The next packet in which this stands; what comes before it is passed over.
  std::string hear(std::string_view part) {
    for (;;) {
      std::string frame = client_.frame();
      if (frame.empty() || frame.contains(part)) return frame;
    }
  }

 private:
  net::test::Client client_;
};

Config guest(const LogSink& sink) {
  Config config;
  config.port = 0;
  config.host = "127.0.0.1";
  config.threads = 2;
  config.jwt_secret = "0123456789abcdef0123456789abcdef";
  config.data_dir.clear();
  config.log_sink = sink;
  return config;
}

TEST(TwoServices, have_their_own_users_and_log_lines_and_one_goes_on_when_the_other_stops) {
  NotedLines of_one, of_two;
  Config config = guest(of_two.sink());
  config.max_namespaces = 3;
  WebSocketService one(guest(of_one.sink())), two(config);
  one.start();
  two.start();
  ASSERT_NE(one.port(), two.port());
  EXPECT_TRUE(of_one.has("2 listening host=127.0.0.1 port=" + std::to_string(one.port())));
  EXPECT_TRUE(of_two.has("2 listening host=127.0.0.1 port=" + std::to_string(two.port())));
  EXPECT_FALSE(of_one.has(std::to_string(two.port())));
  EXPECT_EQ(two.config().max_namespaces, 3u);

  Browser ada(one.port(), "ada"), bob(two.port(), "bob");
  EXPECT_TRUE(is_user_online(one.io(), "ada"));
  EXPECT_FALSE(is_user_online(two.io(), "ada"));
  EXPECT_EQ(get_online_users(two.io()), std::vector<std::string>{"bob"});
  EXPECT_EQ(emit_to_user(two.io(), "ada", "note", 1), 0u);
  EXPECT_EQ(emit_to_user(one.io(), "ada", "note", 1), 1u);
  EXPECT_EQ(ada.hear("note"), R"(1:42["note",1])");

  one.stop();
  EXPECT_TRUE(of_one.has("2 stopped"));
  EXPECT_FALSE(of_two.has("stopp"));
  EXPECT_EQ(emit_to_user(one.io(), "ada", "note", 1).error(), EmitError::stopped);
  EXPECT_EQ(emit_to_user(two.io(), "bob", "note", 2), 1u);
  EXPECT_EQ(bob.hear("note"), R"(1:42["note",2])");
}

TEST(TwoServices, each_warn_of_their_own_limits_from_whatever_thread) {
  NotedLines of_one, of_two;
  Config small = guest(of_one.sink()), also_small = guest(of_two.sink());
  small.total_queue_bytes = also_small.total_queue_bytes = small.max_payload_bytes;
  small.log_level = "warn";
  WebSocketService one(small), two(also_small);
  one.start();
  two.start();
  const auto fill = [](const WebSocketService& service) {
    // Held up while it is filled: what nobody has taken waits.
    const json large = std::string(service.config().max_payload_bytes - 100, 'x');
    std::promise<void> filled, went_on;
    ASSERT_TRUE(service.io().post([&] {
      filled.get_future().wait();
      went_on.set_value();
    }));
    EXPECT_TRUE(emit_to_all(service.io(), "large", large));
    EXPECT_EQ(emit_to_all(service.io(), "large", large).error(), EmitError::overloaded);
    EXPECT_EQ(emit_to_all(service.io(), "large", large).error(), EmitError::overloaded);
    filled.set_value();
    went_on.get_future().wait();
  };
  fill(one);
  fill(two);
  EXPECT_EQ(of_one.count("3 notices that have not reached everybody"), 1);
  EXPECT_EQ(of_two.count("3 notices that have not reached everybody"), 1);
  EXPECT_FALSE(of_one.has("listening")) << "LOG_LEVEL is warn";
}

TEST(TwoServices, each_tell_of_what_their_own_program_throws) {
  NotedLines of_one, of_two;
  WebSocketService one(guest(of_one.sink())), two(guest(of_two.sink()));
  for (WebSocketService* service : {&one, &two}) {
    service->serve("/bad", [](const RouteRequest&) -> RouteAnswer { throw std::runtime_error("as asked"); });
    service->start();
  }
  const auto throw_once = [](WebSocketService& service) {
    net::test::Client client(service.port());
    client.send("GET /bad HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_TRUE(client.answer().starts_with("HTTP/1.1 500"));
    std::promise<void> called;
    static_cast<void>(service.handle({.method = "GET", .target = "/healthz"}, [&called](HttpAnswer) {
      called.set_value();
      throw std::runtime_error("as asked");
    }));
    called.get_future().wait();
  };
  for (int i = 0; i < 12; ++i) throw_once(one);
  throw_once(two);
  one.stop();
  two.stop();
  for (const char* line : {"4 a route threw", "4 the callback that takes an answer threw"}) {
    EXPECT_EQ(of_one.count(line), 10) << line << ": so many a minute";
    EXPECT_EQ(of_two.count(line), 1) << line;
  }
}

TEST(LogSink, that_throws_harms_nobody) {
  WebSocketService service(guest([](const LogLine&) { throw std::runtime_error("no"); }));
  service.start();
  EXPECT_EQ(emit_to_user(service.io(), "ada", "note", 1), 0u);
}

/// What belongs to the process.
struct ProcessState {
  ProcessState() {
    for (int i = 1; i < NSIG; ++i) {
      struct sigaction now{};
      if (sigaction(i, nullptr, &now) == 0) handlers.push_back(reinterpret_cast<std::uintptr_t>(now.sa_handler));
    }
    sigset_t mask;
    pthread_sigmask(SIG_SETMASK, nullptr, &mask);
    for (int i = 1; i < NSIG; ++i) blocked.push_back(sigismember(&mask, i));
    umask_now = ::umask(0);
    ::umask(umask_now);
    c_locale = std::setlocale(LC_ALL, nullptr);
    cpp_locale = std::locale().name();
  }
  bool operator==(const ProcessState&) const = default;

  std::vector<std::uintptr_t> handlers;
  std::vector<int> blocked;
  mode_t umask_now{};
  std::string c_locale, cpp_locale;
};

TEST(Service, leaves_what_belongs_to_the_process_as_it_is) {
  const ProcessState before;
  {
    NotedLines lines;
    WebSocketService service(guest(lines.sink()));
    EXPECT_EQ(ProcessState(), before) << "made";
    service.start();
    EXPECT_EQ(ProcessState(), before) << "started";
    const Browser ada(service.port(), "ada");
    EXPECT_EQ(ProcessState(), before) << "at work";
  }
  EXPECT_EQ(ProcessState(), before) << "gone";
}

}  // namespace
}  // namespace signalbox
