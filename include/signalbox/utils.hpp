#pragma once
#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include <signalbox/job_events.hpp>
#include <signalbox/json.hpp>
#include <signalbox/json_members.hpp>
#include <signalbox/json_text.hpp>

namespace signalbox {

/// Why an emit was not taken: nothing was sent then.
enum class EmitError : std::uint8_t {
  overloaded,
  stopped,
  invalid_json,
  too_large,
  invalid_event,
  reserved_event,
  invalid_user,
  too_many_unread,  ///< the user has more outcomes that nobody fetched than are kept
  not_durable,      ///< the store cannot write: outcomes are refused until it can
  invalid_job,      ///< a job's id is of more than 256 bytes
  unread_full,      ///< the unread outcomes of all users take UNREAD_TOTAL_BYTES
  store_full,       ///< more outcomes wait for the disk than STORE_QUEUE_BYTES
};
/// A sentence for people.
std::string_view to_text(EmitError error) noexcept;

using EmitResult = std::expected<std::size_t, EmitError>;  ///< not to be ignored: an error is an event that nobody gets

/// The running server as workers see it; got from WebSocketService::io(). Before start() and once stop() has begun
/// every emit is refused with EmitError::stopped, nobody hears of it, and who is online may still be asked.
///
/// lifetime  a pointer, to be copied freely: it owns nothing, and no copy may be used once its WebSocketService is
///           destroyed. So workers end before the service does: declare the service first.
/// thread    any, for every function that takes it. Handlers run on the shard of their socket.
class Io {
 public:
  class Impl;

  /// Runs `task` later on the calling shard's thread (from a handler), or on shard 0 (from any other thread): to spread
  /// long work over turns. False: the service does not run, and the task never will. One that still waits at stop() may
  /// be dropped.
  [[nodiscard]] bool post(std::move_only_function<void()> task) const;

 private:
  explicit Io(Impl& impl) : impl_(&impl) {}

  Impl* impl_;
};

/// Queues one event for every live socket of a user in the main namespace, on all shards.
///
/// user   the id as the token gave it; UTF-8, 1 to 256 bytes.
/// event  the name on the wire, 1 to 256 bytes, not one that Socket.IO reserves ("connect", "disconnect", …).
/// returns  for how many sockets it was queued (0: the user is offline, which is no error), or why not. Queued is not
/// delivered.
///
/// thread  any. Events from one thread reach each socket of a user in the order emitted.
///
/// cost    encoded once, however many sockets.
///
/// source  the original's utils.js, emitToUser; Socket.IO protocol v5, EVENT.
[[nodiscard]] EmitResult emit_to_user(const Io& io, std::string_view user, const JobProgress& job);
[[nodiscard]] EmitResult emit_to_user(const Io& io, std::string_view user, const JobCompleted& job);
[[nodiscard]] EmitResult emit_to_user(const Io& io, std::string_view user, const JobFailed& job);
[[nodiscard]] EmitResult emit_to_user(const Io& io, std::string_view user, std::string_view event, const json& data);
/// An object in braces, {{"jobId", id}, {"progress", 50}}: the same event, at half the cost, since no `json` is made of
/// it. A value is text, a number, bool, nullptr, a `json`, or such braces again; where any other value is among them,
/// such as {1, 2}, this is the call above. As in a `json`, of two members with one name the first counts.
[[nodiscard]] EmitResult emit_to_user(const Io& io, std::string_view user, std::string_view event, JsonMembers data);
/// Called once, on a thread of the server, when the outcome is on the disk (true), or cannot be brought there, or was
/// not within STORE_TIMEOUT_MS (false: it may be kept all the same). At once with false where nothing is kept: with
/// DATA_DIR empty, and for an outcome whose job_id is empty. Must not block; what it throws is logged. Not called if
/// the emit was refused.
using OnCommitted = std::move_only_function<void(bool durable)>;
[[nodiscard]] EmitResult emit_to_user(const Io& io, std::string_view user, const JobCompleted& job,
                                      OnCommitted on_committed);
[[nodiscard]] EmitResult emit_to_user(const Io& io, std::string_view user, const JobFailed& job,
                                      OnCommitted on_committed);
/// The same with the data as JSON text, relayed as these very bytes; checked whole first, unless a client sent it
/// (JsonView).
[[nodiscard]] EmitResult emit_to_user_json(const Io& io, std::string_view user, std::string_view event,
                                           const JsonView& data);
[[nodiscard]] EmitResult emit_to_user_json(const Io& io, std::string_view user, std::string_view event,
                                           const JsonView& data, OnCommitted on_committed);

/// Tells everybody something: queues one event for every socket that is authenticated in the main namespace, on all
/// shards. A socket hears all notices in the order in which they were taken, each once; between a notice and what is
/// emitted to single users no order is promised, since a large crowd hears it over several turns. Who logs in later
/// does not hear it, and nothing is kept of it but what connection state recovery gives back (RECOVERY_WINDOW_MS).
///
/// event, data  as for emit_to_user; a job event is told to all and kept for nobody.
/// returns  nothing once it is queued for all, or why nobody hears it. `overloaded`: MAILBOX_MESSAGES wait for a shard,
///          or so many notices have not reached everybody that they take TOTAL_QUEUE_BYTES.
/// thread   any.
/// cost     encoded once; a shard sends it to a thousand sockets a turn, and serves others between. A client that has
///          not read what came before is told up to ten seconds later, and then counts as slow (SEND_QUEUE_BYTES).
[[nodiscard]] std::expected<void, EmitError> emit_to_all(const Io& io, std::string_view event, const json& data);
[[nodiscard]] std::expected<void, EmitError> emit_to_all(const Io& io, std::string_view event, JsonMembers data);
/// The same with the data as JSON text, relayed as these very bytes.
[[nodiscard]] std::expected<void, EmitError> emit_to_all_json(const Io& io, std::string_view event,
                                                              const JsonView& data);

/// Has the user an authenticated socket, or did the last one go within the presence grace? Right at once after the call
/// that
/// changed it.
[[nodiscard]] bool is_user_online(const Io& io, std::string_view user);
/// The ids of all who are online, sorted.
///
/// cost    all of them are copied and sorted: a second for a million, during which a handler's shard serves nobody.
/// With
///         many users ask from a thread of your own, or for pages by GET /api/presence.
[[nodiscard]] std::vector<std::string> get_online_users(const Io& io);
[[nodiscard]] std::size_t get_online_users_count(const Io& io);

}  // namespace signalbox
