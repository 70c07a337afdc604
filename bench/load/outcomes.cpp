// Scenario in which workers post outcomes: how many are accepted a second, and how soon their users have them.
#include <poll.h>

#include <cmath>
#include <stdexcept>

#include "measure.hpp"
#include "poster.hpp"

namespace load {
namespace {

constexpr double kAnsweredWithin = 300;  // seconds
/// Behind the last outcome: receipts take effect a second after they came.
constexpr double kUntilReceived = 1.5;

/// Outcome n goes to user n % users, once. Those before the first are of an earlier run.
class HeardOutcomes {
 public:
  HeardOutcomes(Swarm& swarm, const Settings& settings)
      : users_(settings.users), first_(settings.first), heard_(settings.count) {
    microseconds.reserve(settings.count);
    swarm.on_event([this](Client& client, std::string_view event) { take(client, event, nanoseconds()); });
  }
  std::vector<double> microseconds;  ///< from the POST to the client

 private:
  void take(const Client& client, std::string_view event, std::int64_t now) {
    constexpr std::string_view kOutcomeHead = R"(["job_completed",{"jobId":"job-)";
    if (!event.starts_with(kOutcomeHead)) return;
    std::size_t number = first_ + heard_.size();
    std::from_chars(event.data() + kOutcomeHead.size(), event.data() + event.size(), number);
    if (number < first_) return;
    if (number - first_ >= heard_.size() || number % users_ != client.index)
      throw std::runtime_error(client.user + " heard of another's job: " + std::string(event.substr(0, 100)));
    if (heard_[number - first_])
      throw std::runtime_error(client.user + " heard twice of job " + std::to_string(number));
    heard_[number - first_] = true;
    microseconds.push_back(static_cast<double>(now - stamp_of(event)) / 1000);
  }

  const std::size_t users_, first_;
  std::vector<bool> heard_;
};

std::string outcome(std::uint64_t number, std::size_t users) {
  return R"({"userId":"user-)" + std::to_string(number % users) + R"(","event":"job_completed","data":{"jobId":"job-)" +
         std::to_string(number) + R"(","result":{"imageUrl":"https://example.com/)" + std::to_string(number) +
         R"(.png"},"t":)" + std::to_string(nanoseconds()) + "}}";
}

/// The body of one request.
std::string outcomes_from(std::uint64_t number, std::size_t count, std::size_t users) {
  if (count == 1) return outcome(number, users);
  std::string body;
  for (const std::uint64_t end = number + count; number < end; ++number)
    body += (body.empty() ? '[' : ',') + outcome(number, users);
  return body + ']';
}

/// Workers, each with one request under way at most.
class Workers {
 public:
  explicit Workers(const Settings& settings) {
    for (std::size_t i = 0; i < settings.workers; ++i) posters_.emplace_back(settings.target, settings.api_key);
    since_.resize(posters_.size());
    waiting_.resize(posters_.size(), {.fd = -1, .events = POLLIN, .revents = 0});
    for (std::size_t i = 0; i < posters_.size(); ++i) idle_.push_back(i);
  }
  bool idle() const { return !idle_.empty(); }
  void post(const std::string& body) {
    const std::size_t i = idle_.back();
    idle_.pop_back();
    since_[i] = nanoseconds();
    posters_[i].post(body);
    waiting_[i].fd = posters_[i].fd();
  }
  void take_answers() {
    if (::poll(waiting_.data(), waiting_.size(), 0) <= 0) return;
    for (std::size_t i = 0; i < waiting_.size(); ++i) {
      if (waiting_[i].fd < 0 || waiting_[i].revents == 0) continue;
      posters_[i].wait();
      microseconds.push_back(static_cast<double>(nanoseconds() - since_[i]) / 1000);
      waiting_[i].fd = -1;
      idle_.push_back(i);
    }
  }
  std::vector<double> microseconds;  ///< from each POST to its answer

 private:
  std::vector<Poster> posters_;
  std::vector<std::int64_t> since_;
  std::vector<pollfd> waiting_;  ///< for an answer; of who is idle poll() is asked nothing
  std::vector<std::size_t> idle_;
};

}  // namespace

Figures outcomes(const Settings& settings) {
  Swarm swarm(settings.target);
  gather(swarm, settings.users);
  HeardOutcomes heard(swarm, settings);
  Workers workers(settings);
  std::uint64_t sent = 0;
  const Measure measure(settings.pid, swarm);
  const std::size_t requests = (settings.count + settings.batch - 1) / settings.batch;
  while (workers.microseconds.size() < requests) {
    if (measure.seconds() > kAnsweredWithin) throw std::runtime_error("gave up waiting: answers to outcomes");
    workers.take_answers();
    const double due = settings.rate > 0 ? measure.seconds() * settings.rate : HUGE_VAL;
    while (workers.idle() && sent < settings.count && static_cast<double>(sent) < due) {
      const std::size_t count = std::min(settings.batch, settings.count - sent);
      workers.post(outcomes_from(settings.first + sent, count, settings.users));
      sent += count;
    }
    swarm.turn(std::chrono::milliseconds(0));
  }
  Figures figures = measure.figures(static_cast<double>(settings.count));
  swarm.run_until([&] { return heard.microseconds.size() == settings.count; }, "outcomes");
  const double heard_at = measure.seconds();
  swarm.run_until([&] { return measure.seconds() > heard_at + kUntilReceived; }, "receipts");
  figures["received_cpu_us_each"] = measure.figures(static_cast<double>(settings.count))["server_cpu_us_per_event"];
  figures["p50_us"] = percentile(heard.microseconds, 0.50);
  figures["p99_us"] = percentile(heard.microseconds, 0.99);
  figures["answer_p50_us"] = percentile(workers.microseconds, 0.50);
  figures["answer_p99_us"] = percentile(workers.microseconds, 0.99);
  return figures;
}

}  // namespace load
