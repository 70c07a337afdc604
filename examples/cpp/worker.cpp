// A queue worker in the process of the server: clients ask for a picture, threads make it, and whoever asked sees it
// grow.
//
//   JWT_SECRET=… ./worker            (every setting of docs/configuration.md counts)
#include <signalbox/signalbox.hpp>

#include <chrono>
#include <condition_variable>
#include <iostream>
#include <mutex>
#include <queue>
#include <string>
#include <thread>
#include <vector>

using namespace signalbox;

struct Job {
  std::string user, id, prompt;
};

/// Jobs between the shards, which must not wait, and the workers, which do. thread: any.
class Queue {
 public:
  void add(Job job) {
    const std::lock_guard lock(mutex_);
    jobs_.push(std::move(job));
    ready_.notify_one();
  }
  /// The next job; nothing once `stop` was asked for.
  std::optional<Job> take(const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    if (!ready_.wait(lock, stop, [this] { return !jobs_.empty(); })) return std::nullopt;
    Job job = std::move(jobs_.front());
    jobs_.pop();
    return job;
  }

 private:
  std::mutex mutex_;
  std::condition_variable_any ready_;
  std::queue<Job> jobs_;
};

/// Stands for your own work: throws when it fails.
std::string generate_image(const std::string& prompt) {
  std::this_thread::sleep_for(std::chrono::milliseconds{50});
  if (prompt.empty()) throw std::invalid_argument("nothing to paint");
  return "https://example.com/" + std::to_string(std::hash<std::string>{}(prompt)) + ".png";
}

/// An event that was not taken reaches nobody: a program that must not lose it tries again when the error is
/// `overloaded`.
void tell(const EmitResult& emitted) {
  if (!emitted) std::cerr << "worker: " << to_text(emitted.error()) << '\n';
}

void carry_out(const Io& io, const Job& job) {
  tell(emit_to_user(io, job.user, JobProgress{.job_id = job.id, .progress = 10, .status = "initializing"}));
  try {
    tell(emit_to_user(io, job.user, JobProgress{.job_id = job.id, .progress = 50, .status = "generating"}));
    const std::string url = generate_image(job.prompt);
    tell(emit_to_user(io, job.user,
                      JobCompleted{.job_id = job.id, .result = {{"imageUrl", url}, {"width", 512}, {"height", 512}}}));
  } catch (const std::exception& error) {
    tell(emit_to_user(io, job.user, JobFailed{.job_id = job.id, .error = error.what()}));
  }
}

int main() try {
  WebSocketService service{Config::from_env()};
  Queue queue;
  service.events().on("start_job", [&queue](Socket& socket, const json& arguments, Ack ack) {
    const json& wish = arguments.at(0);  // one that is not there is logged, and the client lives
    queue.add({.user = std::string(socket.user_id()), .id = wish.at("jobId"), .prompt = wish.value("prompt", "")});
    ack({{"ok", true}});
  });

  const Io io = service.io();
  std::vector<std::jthread> workers;
  const auto start_workers = [&] {
    for (int i = 0; i < 2; ++i) {
      workers.emplace_back([&queue, io](const std::stop_token& stop) {
        while (const auto job = queue.take(stop)) carry_out(io, *job);
      });
    }
  };
  service.run(start_workers);  // until SIGINT or SIGTERM
  return 0;
} catch (const std::exception& error) {
  std::cerr << "worker: " << error.what() << '\n';
  return 1;
}
