#include "image_generator.hpp"

#include <signalbox/job_events.hpp>

#include <chrono>
#include <functional>
#include <utility>

namespace app {
namespace {

constexpr std::size_t kMaxWaiting = 100;
constexpr int kSteps = 20;

/// "a b" -> "a%20b", for the picture's address.
std::string in_query(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    constexpr char kDigits[] = "0123456789ABCDEF";
    const auto byte = static_cast<unsigned char>(c);
    if (plain) {
      out += c;
    } else {
      out += {'%', kDigits[byte >> 4], kDigits[byte & 15]};
    }
  }
  return out;
}

}  // namespace

ImageGenerator::ImageGenerator(signalbox::Io io, unsigned workers) : io_(io) {
  for (unsigned i = 0; i < workers; ++i) workers_.emplace_back([this] { work(); });
}

ImageGenerator::~ImageGenerator() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  changed_.notify_all();
  for (std::thread& worker : workers_) worker.join();
}

bool ImageGenerator::add(ImageJob job) {
  {
    const std::lock_guard lock(mutex_);
    if (queue_.size() >= kMaxWaiting) return false;
    queue_.push_back(std::move(job));
  }
  changed_.notify_one();
  return true;
}

void ImageGenerator::work() {
  while (true) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return ending_ || !queue_.empty(); });
    if (ending_) return;
    const ImageJob job = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    run(job);
  }
}

bool ImageGenerator::pause(std::uint32_t milliseconds) {
  std::unique_lock lock(mutex_);
  return !changed_.wait_for(lock, std::chrono::milliseconds(milliseconds), [this] { return ending_; });
}

void ImageGenerator::run(const ImageJob& job) {
  using signalbox::emit_to_user;
  for (int step = 0; step < kSteps; ++step) {
    const char* status = step < 4 ? "initializing" : "generating";
    static_cast<void>(emit_to_user(
        io_, job.user, signalbox::JobProgress{.job_id = job.id, .progress = 100.0 * step / kSteps, .status = status}));
    if (!pause(150)) return;
    if (job.fails && step == kSteps / 2) {
      static_cast<void>(
          emit_to_user(io_, job.user, signalbox::JobFailed{.job_id = job.id, .error = "The painter ran out of blue."}));
      return;
    }
  }
  static_cast<void>(emit_to_user(
      io_, job.user,
      signalbox::JobCompleted{
          .job_id = job.id,
          .result = {{"imageUrl", "/demo/picture.svg?" + in_query(job.prompt)}, {"width", 640}, {"height", 360}}}));
}

std::string draw(std::string_view prompt) {
  const std::size_t seed = std::hash<std::string_view>{}(prompt);
  const auto hue = [seed](unsigned shift) { return std::to_string((seed >> shift) % 360); };
  const auto number = [seed](unsigned shift, unsigned from, unsigned span) {
    return std::to_string(from + (seed >> shift) % span);
  };
  return R"x(<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 640 360"><defs><linearGradient id="s" x2="0" y2="1"><stop stop-color="hsl()x" +
         hue(0) + R"x(,55%,45%)"/><stop offset="1" stop-color="hsl()x" + hue(9) +
         R"x(,75%,80%)"/></linearGradient></defs>)x" +
         R"x(<rect width="640" height="360" fill="url(#s)"/><circle cx=")x" + number(18, 80, 480) + R"x(" cy=")x" +
         number(27, 60, 90) + R"x(" r="34" fill="#fff6d8"/><path d="M0 250 Q160 )x" + number(33, 150, 80) +
         R"x( 320 240 T640 220 V360 H0Z" fill="hsl()x" + hue(40) +
         R"x(,30%,38%)"/><path d="M0 300 Q200 250 400 300 T640 290 V360 H0Z" fill="hsl()x" + hue(45) +
         R"x(,35%,24%)"/><g fill="#2b2b2b"><rect x="470" y="150" width="8" height="160"/><rect x="452" y="140" width="44" height="64" rx="12"/>)x" +
         R"x(</g><circle cx="474" cy="158" r="9" fill="#5a2323"/><circle cx="474" cy="184" r="9" fill="#4fe08a"/></svg>)x";
}

}  // namespace app
