// Scenario in which a crowd comes at once and goes at once, beside as many who stay.
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <charconv>
#include <stdexcept>
#include <string_view>
#include <thread>
#include <vector>

#include "measure.hpp"

namespace load {
namespace {

using std::chrono::milliseconds;

/// Asks for /healthz all the time, in a thread of its own: the slowest answer is as long as the longest turn.
class Health {
 public:
  explicit Health(const Target& target) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const sockaddr_in to = address_of(target);
    if (::connect(fd_, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0)
      throw std::runtime_error("no connection for GET /healthz");
    thread_ = std::thread([this] { ask(); });
  }
  ~Health() {
    over_ = true;
    thread_.join();
    ::close(fd_);
  }
  /// In milliseconds, since the last call.
  double slowest_ms() { return static_cast<double>(slowest_.exchange(0)) / 1e6; }

 private:
  void ask() {
    constexpr std::string_view kRequest = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";
    std::array<char, 4096> answer;
    while (!over_) {
      const std::int64_t start = nanoseconds();
      ::send(fd_, kRequest.data(), kRequest.size(), MSG_NOSIGNAL);
      if (::recv(fd_, answer.data(), answer.size(), 0) <= 0) return;
      slowest_ = std::max(slowest_.load(), nanoseconds() - start);
      std::this_thread::sleep_for(milliseconds(1));
    }
  }

  int fd_;
  std::atomic<bool> over_{false};
  std::atomic<std::int64_t> slowest_{0};
  std::thread thread_;
};

/// Who of those who stay has heard of whom in the crowd; `guest-<i>` comes, and goes, once.
class HeardPresence {
 public:
  explicit HeardPresence(std::size_t users)
      : users_(users), online_(users * users), offline_(users * users), left_(users) {}

  void take(const Client& client, std::string_view event) {
    constexpr std::string_view kOnline = R"(["user_online",{"userId":"guest-)";
    constexpr std::string_view kOffline = R"(["user_offline",{"userId":"guest-)";
    const bool online = event.starts_with(kOnline);
    if (client.index >= users_ || !(online || event.starts_with(kOffline))) return;
    event.remove_prefix(online ? kOnline.size() : kOffline.size());
    std::size_t of = users_;
    std::from_chars(event.data(), event.data() + event.size(), of);
    if (of >= users_) throw std::runtime_error(client.user + " heard of nobody in the crowd");
    const std::size_t at = client.index * users_ + of;
    if (!online && !online_[at]) throw std::runtime_error(client.user + " heard offline before online");
    auto heard = (online ? online_ : offline_)[at];
    if (heard) throw std::runtime_error(client.user + " heard twice of the same");
    heard = true;
    if (--left_[client.index] == 0) --unfinished_;
  }
  /// Each who stays is to hear of the whole crowd once.
  void expect() {
    left_.assign(users_, users_);
    unfinished_ = users_ - lost_;
  }
  void lose(const Client& client) {
    if (client.index >= users_) return;
    ++lost_;
    if (left_[client.index] != 0) --unfinished_;
  }
  bool done() const { return unfinished_ == 0; }
  std::size_t lost() const { return lost_; }

 private:
  const std::size_t users_;
  std::vector<bool> online_, offline_;  ///< by who heard and of whom
  std::vector<std::size_t> left_;
  std::size_t unfinished_ = 0;
  std::size_t lost_ = 0;
};

}  // namespace

Figures tide(const Settings& settings) {
  const std::size_t users = settings.users;
  Swarm swarm(settings.target);
  HeardPresence heard(users);
  swarm.on_event([&](Client& client, std::string_view event) { heard.take(client, event); });
  gather(swarm, users);
  for (std::size_t i = 0; i < users; ++i) swarm.add("guest-" + std::to_string(i));
  swarm.on_lost([&](Client& client) { heard.lose(client); });
  const std::chrono::seconds limit(300);
  Health health(settings.target);
  const auto done = [&] { return heard.done(); };

  heard.expect();
  const Measure coming(settings.pid, swarm);
  swarm.connect_all(users, users, users);
  swarm.run_until(done, "all told of who came (PRESENCE_EVENTS=on?)", limit);
  const Figures came = coming.figures(static_cast<double>(users * users));
  const double slowest_coming = health.slowest_ms();

  heard.expect();
  for (std::size_t i = users; i < 2 * users; ++i) swarm.close(swarm[i], true);
  const Measure going(settings.pid, swarm);
  swarm.run_until(done, "all told of who went", limit);
  const Figures went = going.figures(static_cast<double>(users * users));
  return {{"come_seconds", came.at("seconds")},
          {"come_slowest_healthz_ms", slowest_coming},
          {"come_server_cpu_us_each", came.at("server_cpu_us_per_event")},
          {"go_seconds", went.at("seconds")},
          {"go_slowest_healthz_ms", health.slowest_ms()},
          {"go_server_cpu_us_each", went.at("server_cpu_us_per_event")},
          {"closed", static_cast<double>(heard.lost())}};
}

}  // namespace load
