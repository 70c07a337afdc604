#include "server/io.hpp"

#include <utility>

#include <signalbox/connection_manager.hpp>
#include <signalbox/event_registry.hpp>

#include "hub/guarded.hpp"
#include "hub/socket_list.hpp"

namespace signalbox {

EmitResult Io::Impl::emit(std::string_view user, users::FrameResult frame) const {
  if (!users::valid_user_id(user)) return std::unexpected(EmitError::invalid_user);
  if (!frame) return std::unexpected(frame.error());
  const log::Use own(hub_.log);
  return hub_.emitter.emit(user, *std::move(frame), users::Origin::program);
}

EmitResult Io::Impl::emit(std::string_view user, users::FrameResult frame, OnCommitted on_committed) const {
  if (!users::valid_user_id(user)) return std::unexpected(EmitError::invalid_user);
  if (!frame) return std::unexpected(frame.error());
  const log::Use own(hub_.log);
  const users::CommitGroup group = frame->kept_outcome() ? hub_.emitter.new_group() : 0;
  const EmitResult result = hub_.emitter.emit(user, *std::move(frame), users::Origin::program, group);
  if (!result) return result;
  auto call = [&hub = hub_, on_committed = std::move(on_committed)](users::Commit commit) mutable {
    hub::guarded(hub, "on_committed", nullptr, [&] { on_committed(commit == users::Commit::durable); });
  };
  hub_.emitter.when_durable(group, std::move(call));
  return result;
}

std::expected<void, EmitError> Io::Impl::emit_to_all(users::FrameResult frame) const {
  if (!frame) return std::unexpected(frame.error());
  const log::Use own(hub_.log);
  return hub_.emitter.emit_to_all(users::notice_of(*std::move(frame)), Audience::all(), users::Origin::program);
}

bool Io::post(std::move_only_function<void()> task) const {
  if (!impl_->hub().emitter.running()) return false;
  const int here = impl_->hub().mailboxes.current_shard();
  auto guarded = [&hub = impl_->hub(), task = std::move(task)]() mutable {
    hub::guarded(hub, "a posted task", nullptr, [&] { task(); });
  };
  return impl_->hub().mailboxes.post(here < 0 ? 0 : static_cast<unsigned>(here), Message::run(std::move(guarded)));
}

EmitResult emit_to_user(const Io& io, std::string_view user, const JobProgress& job) {
  return Io::Impl::of(io).emit(user, users::job_frame(job, Io::Impl::of(io).limits()));
}

EmitResult emit_to_user(const Io& io, std::string_view user, const JobCompleted& job) {
  return Io::Impl::of(io).emit(user, users::job_frame(job, Io::Impl::of(io).limits()));
}

EmitResult emit_to_user(const Io& io, std::string_view user, const JobFailed& job) {
  return Io::Impl::of(io).emit(user, users::job_frame(job, Io::Impl::of(io).limits()));
}

EmitResult emit_to_user(const Io& io, std::string_view user, const JobCompleted& job, OnCommitted on_committed) {
  return Io::Impl::of(io).emit(user, users::job_frame(job, Io::Impl::of(io).limits()), std::move(on_committed));
}

EmitResult emit_to_user(const Io& io, std::string_view user, const JobFailed& job, OnCommitted on_committed) {
  return Io::Impl::of(io).emit(user, users::job_frame(job, Io::Impl::of(io).limits()), std::move(on_committed));
}

EmitResult emit_to_user(const Io& io, std::string_view user, std::string_view event, const json& data) {
  return Io::Impl::of(io).emit(user, users::event_frame(event, data, Io::Impl::of(io).limits()));
}

EmitResult emit_to_user(const Io& io, std::string_view user, std::string_view event, JsonMembers data) {
  return Io::Impl::of(io).emit(user, users::event_frame(event, data, Io::Impl::of(io).limits()));
}

EmitResult emit_to_user_json(const Io& io, std::string_view user, std::string_view event, const JsonView& data) {
  return Io::Impl::of(io).emit(user, users::event_frame_of_text(event, data, Io::Impl::of(io).limits()));
}

EmitResult emit_to_user_json(const Io& io, std::string_view user, std::string_view event, const JsonView& data,
                             OnCommitted on_committed) {
  return Io::Impl::of(io).emit(user, users::event_frame_of_text(event, data, Io::Impl::of(io).limits()),
                               std::move(on_committed));
}

std::expected<void, EmitError> emit_to_all(const Io& io, std::string_view event, const json& data) {
  return Io::Impl::of(io).emit_to_all(users::event_frame(event, data, Io::Impl::of(io).limits()));
}

std::expected<void, EmitError> emit_to_all(const Io& io, std::string_view event, JsonMembers data) {
  return Io::Impl::of(io).emit_to_all(users::event_frame(event, data, Io::Impl::of(io).limits()));
}

std::expected<void, EmitError> emit_to_all_json(const Io& io, std::string_view event, const JsonView& data) {
  return Io::Impl::of(io).emit_to_all(users::event_frame_of_text(event, data, Io::Impl::of(io).limits()));
}

void list_sockets(const Io& io, OnSockets on_sockets) {
  hub::Hub& hub = Io::Impl::of(io).hub();
  const log::Use own(hub.log);
  if (hub.emitter.running()) hub::SocketList::begin(hub, std::move(on_sockets));
}

bool is_user_online(const Io& io, std::string_view user) {
  return Io::Impl::of(io).hub().directory.presence.online(user);
}

std::vector<std::string> get_online_users(const Io& io) {
  return Io::Impl::of(io).hub().directory.presence.online_users();
}

std::size_t get_online_users_count(const Io& io) {
  return Io::Impl::of(io).hub().directory.presence.online_count();
}

std::size_t ConnectionManager::connections(std::string_view user) const {
  return Io::Impl::of(io_).hub().directory.sockets.connections(user);
}

}  // namespace signalbox
