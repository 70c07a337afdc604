// Scenario in which the server ends under its clients, and another one starts in its place.
#include <signal.h>

#include <cmath>
#include <deque>
#include <queue>
#include <random>
#include <stdexcept>

#include "measure.hpp"

namespace load {
namespace {

using std::chrono::milliseconds;

constexpr auto kConnectTimeout = std::chrono::seconds(20);

/// When those who were cut off try again: as socket.io-client does, after a second, doubled each time up to five, each
/// half more or less; and a try that takes 20 seconds is given up.
class Returns {
 public:
  explicit Returns(std::size_t clients) : tries_(clients), since_(clients) {}

  void add(const Client& client) {
    const double doubled = 1000.0 * std::pow(2.0, std::min(tries_[client.index]++, 10));
    const auto delay = milliseconds(static_cast<int>(std::min(doubled * half_more_or_less_(random_), 5000.0)));
    due_.push({Clock::now() + delay, client.index});
  }
  void connect_due(Swarm& swarm) {
    for (const auto now = Clock::now(); !due_.empty() && due_.top().first <= now;) {
      Client& client = swarm[due_.top().second];
      due_.pop();
      since_[client.index] = now;
      under_way_.push_back({now, client.index});
      swarm.connect(client);
    }
  }
  void give_up_late(Swarm& swarm) {
    const auto late = Clock::now() - kConnectTimeout;
    for (; !under_way_.empty() && under_way_.front().first <= late; under_way_.pop_front()) {
      Client& client = swarm[under_way_.front().second];
      const bool this_try = since_[client.index] == under_way_.front().first;
      if (!this_try || client.state == Client::State::ready || client.state == Client::State::closed) continue;
      swarm.close(client);
      ++given_up;
      add(client);
    }
  }
  std::size_t given_up = 0;

 private:
  using Due = std::pair<Clock::time_point, std::uint32_t>;
  std::vector<int> tries_;
  std::vector<Clock::time_point> since_;
  std::deque<Due> under_way_;
  std::priority_queue<Due, std::vector<Due>, std::greater<>> due_;
  std::minstd_rand random_{1};
  std::uniform_real_distribution<double> half_more_or_less_{0.5, 1.5};
};

}  // namespace

Figures restart(const Settings& settings) {
  if (settings.pid == 0) throw std::runtime_error("restart ends the server: give --pid");
  Swarm swarm(settings.target);
  gather(swarm, settings.users);
  Returns returns(settings.users);
  std::size_t lost = 0, back = 0;
  double first_back = 0;
  const auto start = Clock::now();
  const auto seconds = [&] { return std::chrono::duration<double>(Clock::now() - start).count(); };
  swarm.on_lost([&](Client& client) {
    ++lost;
    returns.add(client);
  });
  swarm.on_ready([&](Client&) {
    if (back++ == 0) first_back = seconds();
  });
  ::kill(settings.pid, settings.kill ? SIGKILL : SIGTERM);
  while (back < settings.users || swarm.ready() < settings.users) {
    if (seconds() > 300) throw std::runtime_error("gave up waiting: " + std::to_string(swarm.ready()) + " are back");
    returns.give_up_late(swarm);
    returns.connect_due(swarm);
    swarm.turn(milliseconds(5));
  }
  return {{"seconds", seconds()},
          {"first_back_seconds", first_back},
          {"refused", static_cast<double>(lost - settings.users)},
          {"given_up", static_cast<double>(returns.given_up)}};
}

}  // namespace load
