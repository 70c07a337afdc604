#pragma once
#include <cstdint>
#include <expected>

#include "base/audience.hpp"
#include "base/message.hpp"
#include "base/mutex.hpp"
#include "users/notices.hpp"
#include "users/refusal.hpp"

namespace signalbox::users {

/// What goes to every socket: notices, and who comes and who goes.
///
/// thread  any.
class Broadcasts {
 public:
  Broadcasts(Mailboxes& mailboxes, std::size_t notices_bytes) : mailboxes_(mailboxes), notices_(notices_bytes) {}

  /// To all shards, in the order of all broadcasts, or to none.
  std::expected<void, Refusal> notice(FrameRef frame, const Audience& to);
  /// Sent whatever waits there: else clients would take a user who has gone for online. Logins bound how many there
  /// are.
  void presence(const FrameRef& frame, const Audience& to);
  /// To be called once a second: notices that all have heard stop counting.
  void forget();

 private:
  void post(const FrameRef& frame, const Audience& to) SB_REQUIRES(order_);

  Mailboxes& mailboxes_;
  Mutex order_;  ///< one lock around all mailboxes, so that each shard gets broadcasts in the same order
  std::uint64_t number_ SB_GUARDED_BY(order_) = 0;
  Notices notices_ SB_GUARDED_BY(order_);
};

}  // namespace signalbox::users
