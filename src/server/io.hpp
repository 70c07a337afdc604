#pragma once
#include <atomic>
#include <optional>

#include <signalbox/utils.hpp>

#include "hub/emit.hpp"
#include "hub/hub.hpp"

namespace signalbox {

/// What is behind every Io: the hub, and whether it runs. Owned by the service, which outlives every Io.
///
/// thread  any.
class Io::Impl {
 public:
  explicit Impl(hub::Hub& hub)
      : hub_(hub), limits_{.data_bytes = hub.config.max_payload_bytes, .json_depth = hub.config.json_depth} {}

  hub::Hub& hub() const { return hub_; }
  const hub::EmitLimits& limits() const { return limits_; }
  void set_running(bool running) { running_.store(running, std::memory_order_release); }
  bool running() const { return running_.load(std::memory_order_acquire); }
  EmitResult emit(std::string_view user, hub::FrameResult frame) const;
  /// The same, and says when the outcome is durable; of one that is not kept at once that it is not.
  EmitResult emit(std::string_view user, hub::FrameResult frame, OnCommitted on_committed) const;
  /// The store whose commits callers may wait for. Before start().
  void wait_for(hub::OutcomeStore& store) { store_ = &store; }

 private:
  std::optional<EmitError> refusal(std::string_view user, const hub::FrameResult& frame) const;
  EmitResult queue(std::string_view user, hub::EncodedEvent event, hub::CommitGroup group) const;

  hub::Hub& hub_;
  const hub::EmitLimits limits_;
  hub::OutcomeStore* store_ = nullptr;  ///< to be looked at once running() has been true
  std::atomic<bool> running_{false};
};

}  // namespace signalbox
