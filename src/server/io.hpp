#pragma once
#include <signalbox/utils.hpp>

#include "hub/hub.hpp"
#include "users/encode.hpp"

namespace signalbox {

/// What is behind every Io: the hub. Owned by the service, which outlives every Io.
///
/// thread  any.
class Io::Impl {
 public:
  explicit Impl(hub::Hub& hub) : hub_(hub), limits_(hub.config) {}

  static Impl& of(const Io& io) { return *io.impl_; }
  Io handle() { return Io(*this); }
  hub::Hub& hub() const { return hub_; }
  const users::EmitLimits& limits() const { return limits_; }
  EmitResult emit(std::string_view user, users::FrameResult frame) const;
  /// The same, and calls back when the outcome is durable; at once, with false, if it is not kept.
  EmitResult emit(std::string_view user, users::FrameResult frame, OnCommitted on_committed) const;
  std::expected<void, EmitError> emit_to_all(users::FrameResult frame) const;

 private:
  hub::Hub& hub_;
  const users::EmitLimits limits_;
};

}  // namespace signalbox
