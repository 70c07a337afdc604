// Scenarios in which many come and go: logins, presence, storm, idle, come_back, churn.
#include <stdexcept>

#include "measure.hpp"

namespace load {

Figures logins(const Settings& settings) {
  Swarm swarm(settings.target);
  for (std::size_t i = 0; i < settings.users; ++i) swarm.add("user-" + std::to_string(i));
  const Measure measure(settings.pid);
  swarm.connect_all(0, settings.users);
  return measure.figures(static_cast<double>(settings.users));
}

Figures presence(const Settings& settings) {
  Swarm swarm(settings.target);
  std::uint64_t online = 0, offline = 0;
  swarm.on_event([&](Client& client, std::string_view event) {
    if (event == R"(["user_online",{"userId":"flapping"}])") ++online;
    if (event == R"(["user_offline",{"userId":"flapping"}])") ++offline;
    if (client.user == "flapping" && event.find("flapping") != event.npos)
      throw std::runtime_error("a user heard of themselves");
  });
  gather(swarm, settings.users);
  Client& flapping = swarm.add("flapping");
  swarm.turn(std::chrono::milliseconds(100));
  const std::size_t rounds = std::max<std::size_t>(1, settings.count / (2 * settings.users));
  const Measure measure(settings.pid);
  for (std::size_t round = 1; round <= rounds; ++round) {
    swarm.connect(flapping);
    swarm.run_until([&] { return online == round * settings.users && flapping.state == Client::State::ready; },
                    "user_online");
    swarm.close(flapping);
    swarm.run_until([&] { return offline == round * settings.users; }, "user_offline (PRESENCE_GRACE_MS=0?)");
  }
  return measure.figures(static_cast<double>(2 * rounds * settings.users));
}

Figures storm(const Settings& settings) {
  Swarm swarm(settings.target);
  std::uint64_t told = 0;
  swarm.on_event([&](Client&, std::string_view event) { told += event.starts_with("[\"user_online\""); });
  for (std::size_t i = 0; i < settings.users; ++i) swarm.add("user-" + std::to_string(i));
  // Each is told of all who come after; one who comes while the news of another is on its way may hear that too.
  const std::uint64_t least = static_cast<std::uint64_t>(settings.users) * (settings.users - 1) / 2;
  const Measure measure(settings.pid);
  swarm.connect_all(0, settings.users);
  swarm.run_until([&] { return told >= least; }, "all told of each other");
  return measure.figures(static_cast<double>(least));
}

Figures idle(const Settings& settings) {
  if (settings.pid == 0) throw std::runtime_error("idle measures the server: give --pid");
  Swarm swarm(settings.target);
  swarm.add("first");
  swarm.connect_all(0, 1);  // what the first connection costs is not what each costs
  const std::uint64_t before = resident_bytes(settings.pid);
  gather(swarm, settings.users);
  swarm.turn(std::chrono::milliseconds(500));
  const std::uint64_t after = resident_bytes(settings.pid);
  const Measure measure(settings.pid);
  const auto until = Clock::now() + std::chrono::duration<double>(settings.seconds);
  while (Clock::now() < until) swarm.turn(std::chrono::milliseconds(100));
  const Figures figures = measure.figures(1);
  return {{"bytes_per_user", static_cast<double>(after - before) / static_cast<double>(settings.users)},
          {"users", static_cast<double>(settings.users)},
          {"server_cpu_share", figures.at("server_cpu_share")}};
}

Figures come_back(const Settings& settings) {
  Swarm swarm(settings.target);
  gather(swarm, settings.users);
  const Measure measure(settings.pid);
  for (std::size_t i = 0; i < settings.users; ++i) swarm.close(swarm[i], true);
  swarm.connect_all(0, settings.users);
  return measure.figures(static_cast<double>(settings.users));
}

Figures churn(const Settings& settings) {
  constexpr double kPerSecond = 500;
  if (settings.pid == 0) throw std::runtime_error("churn measures the server: give --pid");
  Swarm swarm(settings.target);
  for (int i = 0; i < 1000; ++i) swarm.add("user-" + std::to_string(i));
  std::uint64_t done = 0;
  const Measure measure(settings.pid);
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
  go(settings.seconds / 10);
  const double before = static_cast<double>(resident_bytes(settings.pid));
  go(settings.seconds);
  for (std::size_t i = 0; i < swarm.size(); ++i) swarm.close(swarm[i], true);
  return {{"connects", static_cast<double>(done)},
          {"resident_before", before},
          {"resident_after", static_cast<double>(resident_bytes(settings.pid))},
          {"growth", static_cast<double>(resident_bytes(settings.pid)) / before - 1}};
}

}  // namespace load
