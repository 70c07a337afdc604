#pragma once
#include <string>
#include <utility>

#include "swarm.hpp"

namespace load {

/// A worker that emits by POST /api/emit on one connection that stays open, one request at a time.
class Poster {
 public:
  Poster(const Target& target, std::string api_key);
  Poster(Poster&& other) noexcept
      : fd_(std::exchange(other.fd_, -1)), api_key_(std::move(other.api_key_)), waiting_(other.waiting_) {}
  ~Poster();

  /// Sends a request and does not wait for its answer.
  void post(const std::string& body);
  /// Waits until the last request is answered; throws unless with 202.
  void wait();
  int fd() const { return fd_; }

 private:
  int fd_;
  std::string api_key_;
  bool waiting_ = false;
};

}  // namespace load
