#pragma once
#include <cstdint>
#include <expected>

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

  /// In the order of all broadcasts; or to none.
  std::expected<void, Refusal> notice(FrameRef frame);
  /// Whatever waits there: or clients would take a user for online who has gone. Logins bound how many there are.
  void presence(const FrameRef& frame);
  /// Once a second: notices that all have heard count no longer.
  void forget();

 private:
  void post(const FrameRef& frame) SB_REQUIRES(order_);

  Mailboxes& mailboxes_;
  Mutex order_;  ///< pushed to all mailboxes under this one lock, so that all shards have them in one order
  std::uint64_t number_ SB_GUARDED_BY(order_) = 0;
  Notices notices_ SB_GUARDED_BY(order_);
};

}  // namespace signalbox::users
