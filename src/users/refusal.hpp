#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>

#include <signalbox/utils.hpp>

namespace signalbox::users {

/// Why an event was not taken.
enum class Refusal : std::uint8_t { overloaded, notices_full, too_many_unread, unread_full, store_full, not_durable };

/// Why a batch was not taken, and where that is the matter of one of its events alone (its user has too many unread
/// outcomes): which. Without that one the others may be taken.
template <class Why>
struct OfBatch {
  Why why;
  std::optional<std::size_t> at = {};

  friend bool operator==(const OfBatch& one, Why other) { return one.why == other; }
};
using BatchRefusal = OfBatch<Refusal>;
using BatchError = OfBatch<EmitError>;

EmitError to_emit_error(Refusal refusal) noexcept;

}  // namespace signalbox::users
