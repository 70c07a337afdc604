#pragma once
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.hpp"
#include "queue/source.hpp"
#include "redis/client.hpp"
#include "redis/client_thread.hpp"
#include "redis/lease.hpp"

namespace signalbox::queue {

/// What the options of all leased sources have in common.
struct CommonOptions {
  redis::Url url;
  std::string own_prefix;  ///< of our keys
  std::string node;        ///< who we are, for the lease
};

/// A source of which one node is the reader, by a lease. It has two connections: one for commands, and the listener's,
/// which hears what is new. The lease is wanted while both are up and the source hears: a node that does not holds
/// none.
///
/// thread  the queues'.
class LeasedSource : public Source, redis::Client::Observer {
 public:
  LeasedSource(const LeasedSource&) = delete;
  LeasedSource& operator=(const LeasedSource&) = delete;

  void stop(std::move_only_function<void()> then) override;
  void append_status(std::vector<QueueStatus>& out) const override;
  TimePoint next_deadline() const override { return lease_.next_deadline(); }
  void on_timer() override { lease_.on_timer(loop_.now(), hears()); }

 protected:
  struct Description {
    std::string kind;                     ///< in our keys and our clients' names: "celery"
    std::string key;                      ///< which one of that kind, in our keys
    std::string name, source;             ///< as QueueStatus has them
    std::string_view away;                ///< a literal, for the log: Redis is not there
    redis::ConnectionOptions listener{};  ///< its identity does not count
  };

  LeasedSource(redis::ClientThread& thread, const CommonOptions& options, const Description& what);
  std::string own_key(std::string_view name) const { return own_keys_ + std::string(name); }
  /// By now: this process may have slept past its term, with what another has told by now still to be read.
  bool holds() const { return lease_.held(loop_.now()); }
  /// Is what it has to hear heard, as far as it has asked for that?
  virtual bool hears() const { return true; }
  static constexpr Milliseconds kListenAgain{5000};  ///< after Redis has refused a subscription
  /// Asks for it now, if it may be had: the connections are up, or the source has begun to hear.
  void want_lease();
  /// Told of each change.
  virtual void on_lease(bool /*held*/) {}

 private:
  void on_up() final { want_lease(); }
  void on_down(const redis::Error& why) final;

  const std::string own_keys_;
  const std::string_view away_text_;
  log::RareWarning away_;

 protected:
  reactor::Loop& loop_;
  redis::Client& commands_;
  redis::Client& listener_;
  redis::Lease lease_;
  QueueStatus status_;  ///< the source counts in it; `behind`: what the sink has not answered
};

}  // namespace signalbox::queue
