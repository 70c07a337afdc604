#pragma once
#include <cstdint>

#include <signalbox/utils.hpp>

namespace signalbox::users {

/// Why an event was not taken.
enum class Refusal : std::uint8_t { overloaded, notices_full, too_many_unread, unread_full, store_full, not_durable };
EmitError to_emit_error(Refusal refusal) noexcept;

}  // namespace signalbox::users
