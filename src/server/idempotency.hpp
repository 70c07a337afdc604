#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.hpp"
#include "base/mutex.hpp"
#include "net/application.hpp"

namespace signalbox::server {

using Digest = std::array<unsigned char, 32>;
Digest sha256(std::string_view bytes);

/// What was answered to requests that carried an Idempotency-Key, so that a repeat emits nothing. In memory: a restart
/// forgets.
///
/// thread  any (its lock: a repeat may come in on any shard).
class Idempotency {
 public:
  struct Options {
    Milliseconds keep{10 * 60 * 1000};
    std::size_t max_keys = 100'000;
  };
  enum class Kind : std::uint8_t {
    first,     ///< carry it out, then call finish()
    repeat,    ///< answered before: `body` is the first 202's
    wait,      ///< the first is still being carried out: finish() hands this request back
    conflict,  ///< the same key came with another body
  };
  struct Begun {
    Kind kind;
    std::string body;
  };

  Idempotency() : Idempotency(Options{}) {}
  explicit Idempotency(Options options) : options_(options) {}

  Begun begin(std::string_view key, const Digest& body, const net::RequestId& request, TimePoint now);
  /// The first has been answered. `accepted`: with 202 and this body, which is remembered; anything else is forgotten.
  /// Returns those who waited with it, to be given the same answer.
  std::vector<net::RequestId> finish(std::string_view key, bool accepted, std::string_view answer, TimePoint now);
  std::size_t size() const;

 private:
  struct Entry {
    std::string key;
    Digest digest;
    TimePoint until;  ///< kNever while it is being carried out
    std::string answer;
    std::vector<net::RequestId> waiting;
  };
  using Entries = std::list<Entry>;  ///< oldest first
  void forget(Entries::iterator entry) SB_REQUIRES(mutex_);
  void forget_old(TimePoint now) SB_REQUIRES(mutex_);

  const Options options_;
  mutable Mutex mutex_;
  Entries entries_ SB_GUARDED_BY(mutex_);
  std::unordered_map<std::string_view, Entries::iterator> by_key_ SB_GUARDED_BY(mutex_);  ///< keys live in the entries
};

}  // namespace signalbox::server
