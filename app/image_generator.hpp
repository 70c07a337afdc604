#pragma once
#include <signalbox/utils.hpp>

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace app {

struct ImageJob {
  std::string user, id, prompt;
  bool fails = false;
};

/// A pretend image generator with a queue and threads of its own: what stands in a real application behind a job queue.
/// It speaks to users as any worker does, by emit_to_user.
///
/// thread  any. The destructor leaves unfinished jobs and joins its threads.
class ImageGenerator {
 public:
  ImageGenerator(signalbox::Io io, unsigned workers);
  ~ImageGenerator();
  ImageGenerator(const ImageGenerator&) = delete;
  ImageGenerator& operator=(const ImageGenerator&) = delete;

  /// False: too many wait already.
  [[nodiscard]] bool add(ImageJob job);

 private:
  void work();
  void run(const ImageJob& job);
  /// Pretends to work; false when the generator is ending.
  bool pause(std::uint32_t milliseconds);

  signalbox::Io io_;
  std::mutex mutex_;  // guards the queue and the flag
  std::condition_variable changed_;
  std::deque<ImageJob> queue_;
  bool ending_ = false;
  std::vector<std::thread> workers_;
};

/// The picture of a prompt, as SVG: a landscape with a signal, in colours that the prompt chooses.
std::string draw(std::string_view prompt);

}  // namespace app
