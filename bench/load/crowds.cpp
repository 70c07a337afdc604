// Scenarios in which many come and go: logins, presence, storm, idle, come_back, churn.
#include <charconv>
#include <stdexcept>
#include <string_view>
#include <vector>

#include "measure.hpp"

namespace load {

Figures logins(const Settings& settings) {
  Swarm swarm(settings.target);
  for (std::size_t i = 0; i < settings.users; ++i) swarm.add("user-" + std::to_string(i));
  std::vector<double> microseconds;
  swarm.on_ready([&](const Client& client) {
    microseconds.push_back(std::chrono::duration<double, std::micro>(Clock::now() - client.begun).count());
  });
  const Measure measure(settings.pid, swarm);
  swarm.connect_all(0, settings.users, settings.at_once);
  Figures figures = measure.figures(static_cast<double>(settings.users));
  figures["p50_us"] = percentile(microseconds, 0.50);
  figures["p99_us"] = percentile(microseconds, 0.99);
  return figures;
}

Figures presence(const Settings& settings) {
  Swarm swarm(settings.target);
  std::uint64_t told = 0;
  swarm.on_event([&](Client& client, std::string_view event) {
    const bool online = event == R"(["user_online",{"userId":"flapping"}])";
    if (!online && event != R"(["user_offline",{"userId":"flapping"}])") return;
    if (client.user == "flapping") throw std::runtime_error("a user heard of themselves");
    if (online != (client.received++ % 2 == 0))
      throw std::runtime_error(client.user + " heard of coming and going in a wrong order");
    ++told;
  });
  gather(swarm, settings.users);
  Client& flapping = swarm.add("flapping");
  swarm.turn(std::chrono::milliseconds(100));
  const std::size_t rounds = std::max<std::size_t>(1, settings.count / (2 * settings.users));
  const Measure measure(settings.pid, swarm);
  for (std::size_t round = 0; round < rounds; ++round) {
    swarm.connect(flapping);
    swarm.run_until([&] { return told == (2 * round + 1) * settings.users && flapping.state == Client::State::ready; },
                    "user_online (PRESENCE_EVENTS=on?)");
    swarm.close(flapping);
    swarm.run_until([&] { return told == (2 * round + 2) * settings.users; }, "user_offline (PRESENCE_GRACE_MS=0?)");
  }
  return measure.figures(static_cast<double>(2 * rounds * settings.users));
}

Figures storm(const Settings& settings) {
  // Of this run alone: who left in the one before may still be thought online, and then nobody is told.
  const std::string name = "u" + std::to_string(nanoseconds() / 1'000'000 % 1'000'000) + "-";
  const std::string head = R"(["user_online",{"userId":")" + name;
  const std::size_t users = settings.users;
  Swarm swarm(settings.target);
  std::vector<bool> heard(users * users);  // by who heard and of whom
  std::uint64_t told = 0;
  swarm.on_event([&](Client& client, std::string_view event) {
    if (!event.starts_with(head)) return;
    std::size_t of = users;
    std::from_chars(event.data() + head.size(), event.data() + event.size(), of);
    if (of >= users || of == client.index) throw std::runtime_error(client.user + " heard of nobody else");
    if (heard[client.index * users + of]) throw std::runtime_error(client.user + " heard of the same user twice");
    heard[client.index * users + of] = true;
    ++told;
  });
  for (std::size_t i = 0; i < users; ++i) swarm.add(name + std::to_string(i));
  // Each is told of all who come after; one who comes while the news of another is on its way may hear that too.
  const std::uint64_t least = static_cast<std::uint64_t>(users) * (users - 1) / 2;
  const Measure measure(settings.pid, swarm);
  swarm.connect_all(0, users);
  swarm.run_until([&] { return told >= least; }, "all told of each other (PRESENCE_EVENTS=on?)");
  return measure.figures(static_cast<double>(least));
}

Figures idle(const Settings& settings) {
  if (settings.pid == 0) throw std::runtime_error("idle measures the server: give --pid");
  Swarm swarm(settings.target);
  swarm.add("first");
  swarm.connect_all(0, 1);  // what the first connection costs is not what each costs
  const std::uint64_t before = resident_bytes(settings.pid), kernel_before = kernel_bytes();
  gather(swarm, settings.users);
  swarm.turn(std::chrono::milliseconds(500));
  const std::uint64_t after = resident_bytes(settings.pid), kernel_after = kernel_bytes();
  const Measure measure(settings.pid, swarm);
  const auto until = Clock::now() + std::chrono::duration<double>(settings.seconds);
  while (Clock::now() < until) swarm.turn(std::chrono::milliseconds(100));
  const Figures figures = measure.figures(1);
  const auto users = static_cast<double>(settings.users);
  return {{"bytes_per_user", static_cast<double>(after - before) / users},
          {"kernel_bytes_per_user", (static_cast<double>(kernel_after) - static_cast<double>(kernel_before)) / users},
          {"users", users},
          {"server_cpu_share", figures.at("server_cpu_share")}};
}

Figures come_back(const Settings& settings) {
  Swarm swarm(settings.target);
  gather(swarm, settings.users);
  for (std::size_t i = 0; i < settings.users; ++i) swarm.close(swarm[i], true);
  const Measure measure(settings.pid, swarm);
  swarm.connect_all(0, settings.users);
  return measure.figures(static_cast<double>(settings.users));
}

Figures churn(const Settings& settings) {
  constexpr double kPerSecond = 500;
  if (settings.pid == 0) throw std::runtime_error("churn measures the server: give --pid");
  Swarm swarm(settings.target);
  for (int i = 0; i < 1000; ++i) swarm.add("user-" + std::to_string(i));
  std::uint64_t done = 0;
  const Measure measure(settings.pid, swarm);
  const auto go = [&](double until) {
    while (measure.seconds() < until) {
      while (static_cast<double>(done) < measure.seconds() * kPerSecond) {
        Client& client = swarm[done % swarm.size()];
        swarm.close(client, true);
        swarm.connect(client);
        ++done;
      }
      swarm.turn(std::chrono::milliseconds(1));
    }
  };
  const auto resident_at_rest = [&] {
    for (std::size_t i = 0; i < swarm.size(); ++i) swarm.close(swarm[i], true);
    swarm.turn(std::chrono::milliseconds(2000));
    return static_cast<double>(resident_bytes(settings.pid));
  };
  go(settings.seconds / 10);
  const double before = resident_at_rest();
  go(settings.seconds);
  const double after = resident_at_rest();
  return {{"connects", static_cast<double>(done)},
          {"resident_before", before},
          {"resident_after", after},
          {"growth", after / before - 1}};
}

}  // namespace load
