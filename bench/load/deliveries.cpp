// Scenarios in which job events reach their users: burst, relay, http.
#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <deque>
#include <stdexcept>

#include "measure.hpp"

namespace load {
namespace {

constexpr std::string_view kHead = R"(["job_progress",{"jobId":"job-)";

/// The number behind "job-"; anything else is not ours and ends the run.
std::uint64_t job_number(const Client& client, std::string_view event) {
  std::uint64_t number = 0;
  const char* begin = event.data() + kHead.size();
  if (!event.starts_with(kHead) || std::from_chars(begin, event.data() + event.size(), number).ptr == begin) {
    throw std::runtime_error(client.user + " got something else: " + std::string(event.substr(0, 100)));
  }
  return number;
}

/// Users get jobs in rounds: user u the numbers u, u + users, u + 2·users … each once and in this order.
class Rounds {
 public:
  Rounds(Swarm& swarm, std::size_t users) : users_(users) {
    swarm.on_event([this](Client& client, std::string_view event) { take(client, event); });
  }
  std::uint64_t received() const { return received_; }
  /// What was told at the logins (the newest progress of earlier runs) is not counted.
  void begin(Swarm& swarm) {
    if (!begun_) swarm.turn(std::chrono::milliseconds(100));
    begun_ = true;
    received_ = 0;
    for (std::size_t i = 0; i < users_; ++i) swarm[i].next = i;
  }

 private:
  void take(Client& client, std::string_view event) {
    if (!begun_ || !event.starts_with("[\"job_progress\"")) return;
    const std::uint64_t number = job_number(client, event);
    if (number % users_ != client.index)
      throw std::runtime_error(client.user + " got another user's job " + std::to_string(number));
    if (number != client.next) {
      throw std::runtime_error(
          client.user + " got job " + std::to_string(number) + " where " + std::to_string(client.next) +
          " was due: " + (number > client.next ? "lost or out of order" : "twice or out of order"));
    }
    client.next += users_;
    ++received_;
  }

  const std::size_t users_;
  std::uint64_t received_ = 0;
  bool begun_ = false;
};

std::string relayed(std::size_t users, std::uint64_t number, std::int64_t stamp) {
  return R"(2["bench_emit",{"userId":"user-)" + std::to_string(number % users) + R"(","jobId":"job-)" +
         std::to_string(number) + R"(","progress":)" + std::to_string(number % 101) + R"(,"status":"processing","t":)" +
         std::to_string(stamp) + "}]";
}

std::int64_t nanoseconds() {
  return Clock::now().time_since_epoch().count();
}

double percentile(std::vector<double>& sorted, double part) {
  return sorted.empty()
             ? 0
             : sorted[std::min(sorted.size() - 1, static_cast<std::size_t>(part * static_cast<double>(sorted.size())))];
}

}  // namespace

Figures burst(const Settings& settings) {
  Swarm swarm(settings.target);
  Rounds rounds(swarm, settings.users);
  gather(swarm, settings.users);
  Client& control = swarm.add("control");
  swarm.connect_all(settings.users, 1);
  const auto run = [&](std::size_t count) {
    rounds.begin(swarm);
    swarm.emit(control,
               std::string(settings.free_form ? R"(2["bench_burst_json",{"count":)" : R"(2["bench_burst",{"count":)") +
                   std::to_string(count) + R"(,"users":)" + std::to_string(settings.users) + "}]");
    swarm.run_until([&] { return rounds.received() == count; }, "the burst");
  };
  run(settings.users * 10);  // warm
  const Measure measure(settings.pid);
  run(settings.count);
  return measure.figures(static_cast<double>(settings.count));
}

Figures relay(const Settings& settings) {
  constexpr std::uint64_t kWindow = 2000;
  Swarm swarm(settings.target);
  Rounds rounds(swarm, settings.users);
  std::vector<double> microseconds;
  gather(swarm, settings.users);
  Client& worker = swarm.add("worker");
  swarm.connect_all(settings.users, 1);
  rounds.begin(swarm);
  if (settings.rate > 0) {
    swarm.on_event([&](Client&, std::string_view event) {
      const auto at = event.rfind("\"t\":");
      std::int64_t stamp = 0;
      if (at == event.npos) return;
      std::from_chars(event.data() + at + 4, event.data() + event.size(), stamp);
      microseconds.push_back(static_cast<double>(nanoseconds() - stamp) / 1000);
    });
  }
  const auto received = [&] { return settings.rate > 0 ? microseconds.size() : rounds.received(); };
  const Measure measure(settings.pid);
  std::uint64_t sent = 0;
  swarm.run_until(
      [&] {
        const double due = settings.rate > 0 ? measure.seconds() * settings.rate : HUGE_VAL;
        while (sent < settings.count && sent - received() < kWindow && static_cast<double>(sent) < due) {
          swarm.emit(worker, relayed(settings.users, sent, nanoseconds()));
          ++sent;
          if (settings.rate > 0) swarm.turn(std::chrono::milliseconds(0));
        }
        if (settings.rate > 0 && sent < settings.count) swarm.turn(std::chrono::milliseconds(0));
        return received() == settings.count;
      },
      "the relay");
  Figures figures = measure.figures(static_cast<double>(settings.count));
  if (settings.rate > 0) {
    std::sort(microseconds.begin(), microseconds.end());
    figures["p50_us"] = percentile(microseconds, 0.50);
    figures["p99_us"] = percentile(microseconds, 0.99);
  }
  return figures;
}

Figures http(const Settings& settings) {
  constexpr std::size_t kBatch = 100;
  Swarm swarm(settings.target);
  Rounds rounds(swarm, settings.users);
  gather(swarm, settings.users);
  rounds.begin(swarm);
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(settings.target.port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(fd, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0)
    throw std::runtime_error("no connection for POST /api/emit");
  const Measure measure(settings.pid);
  for (std::uint64_t number = 0; number < settings.count;) {
    std::string body = "[";
    for (std::size_t i = 0; i < kBatch; ++i, ++number) {
      body += std::string(i ? "," : "") + R"({"userId":"user-)" + std::to_string(number % settings.users) +
              R"(","event":"job_progress","data":{"jobId":"job-)" + std::to_string(number) + R"(","progress":)" +
              std::to_string(number % 101) + R"(,"status":"processing"}})";
    }
    body += ']';
    const std::string request =
        "POST /api/emit HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " + settings.api_key +
        "\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
    if (::send(fd, request.data(), request.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(request.size()))
      throw std::runtime_error("POST: send");
    std::array<char, 4096> answer;
    const ssize_t got = ::recv(fd, answer.data(), answer.size(), 0);
    const std::string_view text(answer.data(), got > 0 ? static_cast<std::size_t>(got) : 0);
    if (!text.starts_with("HTTP/1.1 202"))
      throw std::runtime_error("POST /api/emit: " + std::string(text.substr(0, text.find('\r'))));
    swarm.turn(std::chrono::milliseconds(0));
  }
  swarm.run_until([&] { return rounds.received() == settings.count; }, "events by POST");
  ::close(fd);
  return measure.figures(static_cast<double>(settings.count));
}

}  // namespace load
