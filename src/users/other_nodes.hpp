#pragma once
#include <functional>
#include <string>
#include <string_view>

#include "base/frame.hpp"
#include "users/job_table.hpp"

namespace signalbox::users {

/// The other nodes of a cluster, seen from the users of this one. Where there is but one node it is a null pointer.
///
/// thread  any. What is called under the lock of the user's stripe only queues.
class OtherNodes {
 public:
  using Then = std::move_only_function<void()>;

  /// Is every event to be relayed, also those of users whom no other node has? Servers of another kind listen then, or
  /// it is not known yet whom others have.
  virtual bool relays_all() const = 0;
  /// Can more be relayed? To be asked before an event is taken.
  virtual bool has_room() const = 0;
  /// An event that this node was given, for somebody whom other nodes have or may have. `row`: of an outcome in this
  /// node's store. Under the user's lock, which decides the order.
  virtual void relay(std::string_view user, FrameRef event, Row row) = 0;
  /// The same for everybody.
  virtual void relay_to_all(FrameRef notice) = 0;
  /// Sockets of this user have come or gone here. Under the user's lock.
  virtual void changed(std::string_view user) = 0;

  /// A client of this user is about to be let in: calls `then`, on the thread of that shard, when what is emitted on
  /// other nodes is heard here; or soon, if that cannot be had.
  virtual void begin_login(std::string user, unsigned shard, Then then) = 0;
  /// It is in, or has gone. Once for each begin_login().
  virtual void end_login(std::string user) = 0;

 protected:
  ~OtherNodes() = default;
};

}  // namespace signalbox::users
