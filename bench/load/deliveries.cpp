// Scenarios in which job events reach their users: burst, relay, http.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <stdexcept>

#include "measure.hpp"
#include "poster.hpp"

namespace load {
namespace {

constexpr std::string_view kFirst = "the first events (has the server the handlers of bench/bench_server.cpp?)";
constexpr std::chrono::seconds kFirstWithin{20}, kBurstWithin{120};
constexpr std::string_view kProgressHead = R"(["job_progress",{"jobId":"job-)";

/// The number behind "job-"; anything else is not ours and ends the run.
std::uint64_t job_number(const Client& client, std::string_view event) {
  std::uint64_t number = 0;
  const char* begin = event.data() + kProgressHead.size();
  if (!event.starts_with(kProgressHead) || std::from_chars(begin, event.data() + event.size(), number).ptr == begin) {
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

 private:
  const std::size_t users_;
  std::uint64_t received_ = 0;
  bool begun_ = false;
};

std::string relayed(std::string_view event, std::size_t users, std::uint64_t number, std::int64_t stamp) {
  return "2[\"" + std::string(event) + R"(",{"userId":"user-)" + std::to_string(number % users) + R"(","jobId":"job-)" +
         std::to_string(number) + R"(","progress":)" + std::to_string(number % 101) + R"(,"status":"processing","t":)" +
         std::to_string(stamp) + "}]";
}

/// The body of a POST with so many events, from that number on.
std::string batch(std::uint64_t number, std::size_t count, std::size_t users) {
  std::string body = "[";
  for (const std::uint64_t end = number + count; number < end; ++number) {
    if (body.size() > 1) body += ',';
    body += R"({"userId":"user-)" + std::to_string(number % users) +
            R"(","event":"job_progress","data":{"jobId":"job-)" + std::to_string(number) + R"(","progress":)" +
            std::to_string(number % 101) + R"(,"status":"processing"}})";
  }
  return body += ']';
}

std::string_view burst_event(const Settings& settings) {
  if (settings.values) return "bench_burst_values";
  return settings.free_form ? "bench_burst_json" : "bench_burst";
}

}  // namespace

Figures burst(const Settings& settings) {
  Swarm swarm(settings.target);
  Rounds rounds(swarm, settings.users);
  gather(swarm, settings.users);
  Client& control = swarm.add("control");
  swarm.connect_all(settings.users, 1);
  const auto run = [&](std::size_t count, std::string_view what, std::chrono::seconds within) {
    rounds.begin(swarm);
    swarm.emit(control, R"(2[")" + std::string(burst_event(settings)) + R"(",{"count":)" + std::to_string(count) +
                            R"(,"users":)" + std::to_string(settings.users) + R"(,"perTurn":)" +
                            std::to_string(settings.per_turn) + "}]");
    swarm.run_until([&] { return rounds.received() == count; }, what, within);
  };
  run(settings.users * 10, kFirst, kFirstWithin);  // warm
  const Measure measure(settings.pid, swarm);
  run(settings.count, "the burst", kBurstWithin);
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
    swarm.on_event([&](Client& client, std::string_view event) {
      const std::int64_t now = nanoseconds();
      rounds.take(client, event);
      microseconds.push_back(static_cast<double>(now - stamp_of(event)) / 1000);
    });
  }
  const std::string_view emit = settings.free_form ? "bench_emit_json" : "bench_emit";
  swarm.emit(worker, relayed(emit, settings.users, 0, nanoseconds()));
  swarm.run_until([&] { return rounds.received() == 1; }, kFirst, kFirstWithin);
  rounds.begin(swarm);
  microseconds.clear();
  const Measure measure(settings.pid, swarm);
  std::uint64_t sent = 0;
  swarm.run_until(
      [&] {
        const double due = settings.rate > 0 ? measure.seconds() * settings.rate : HUGE_VAL;
        while (sent < settings.count && sent - rounds.received() < kWindow && static_cast<double>(sent) < due) {
          swarm.queue(worker, relayed(emit, settings.users, sent, nanoseconds()));
          ++sent;
        }
        swarm.flush(worker);
        return rounds.received() == settings.count;
      },
      "the relay");
  Figures figures = measure.figures(static_cast<double>(settings.count));
  if (settings.rate > 0) {
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
  // So few that a user's events are never in two requests at once, whose order nobody decides.
  std::vector<Poster> posters;
  for (std::size_t i = 0; i < std::clamp<std::size_t>(settings.users / kBatch, 1, 4); ++i)
    posters.emplace_back(settings.target, settings.api_key);
  const Measure measure(settings.pid, swarm);
  std::uint64_t number = 0;
  for (std::size_t turn = 0; number < settings.count; ++turn) {
    Poster& poster = posters[turn % posters.size()];
    poster.wait();
    poster.post(batch(number, kBatch, settings.users));
    number += kBatch;
    swarm.turn(std::chrono::milliseconds(0));
  }
  for (Poster& poster : posters) poster.wait();
  swarm.run_until([&] { return rounds.received() == number; }, "events by POST");
  return measure.figures(static_cast<double>(number));
}

}  // namespace load
