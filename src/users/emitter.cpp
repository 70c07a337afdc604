#include "users/emitter.hpp"

#include <utility>

namespace signalbox::users {
std::string_view to_text(Origin origin) noexcept {
  switch (origin) {
    case Origin::program:
      return "the program";
    case Origin::http:
      return "the HTTP interface";
    case Origin::node:
      return "another node";
    case Origin::worker:
      return "a worker";
    case Origin::queue:
      return "a queue";
  }
  return {};
}

EmitError Emitter::error_of(Refusal refusal, Origin origin) {
  if (!running()) return EmitError::stopped;
  if (refusal == Refusal::overloaded) mailbox_.reached({{"from", std::string(to_text(origin))}});
  if (refusal == Refusal::notices_full) notices_.reached();
  const EmitError error = to_emit_error(refusal);
  refused_[static_cast<std::size_t>(error)].fetch_add(1, std::memory_order_relaxed);
  return error;
}

EmitResult Emitter::emit(std::string_view user, EncodedEvent event, Origin origin, CommitGroup group) {
  if (!running()) return std::unexpected(EmitError::stopped);
  const auto queued = directory_.emit(user, std::move(event), group);
  if (!queued) return std::unexpected(error_of(queued.error(), origin));
  return *queued;
}

std::expected<std::size_t, BatchError> Emitter::emit_all(std::vector<Emission> emissions, Origin origin,
                                                         CommitGroup group) {
  if (!running()) return std::unexpected(BatchError{EmitError::stopped});
  const auto online = directory_.emit_all(std::move(emissions), group);
  if (!online) return std::unexpected(BatchError{error_of(online.error().why, origin), online.error().at});
  return *online;
}

std::expected<void, EmitError> Emitter::emit_to_all(FrameRef notice, const Audience& to, Origin origin) {
  if (!running()) return std::unexpected(EmitError::stopped);
  if (others_ && !others_->has_room()) return std::unexpected(error_of(Refusal::overloaded, origin));
  const auto taken = directory_.broadcasts.notice(notice, to);
  if (!taken) return std::unexpected(error_of(taken.error(), origin));
  if (others_) others_->relay_to_all(std::move(notice));
  return {};
}

CommitGroup Emitter::new_group() const {
  // Before it runs, the store may just be opened.
  OutcomeStore* const store = running() ? directory_.ledger.store() : nullptr;
  return store ? store->new_group() : 0;
}

void Emitter::when_durable(CommitGroup group, OutcomeStore::Committed callback) const {
  group == 0 ? callback(Commit::nowhere) : directory_.ledger.store()->when_committed(group, std::move(callback));
}

StoreState Emitter::store_state() const {
  const OutcomeStore* const store = directory_.ledger.store();
  return store ? store->state() : StoreState::ready;
}

}  // namespace signalbox::users
