#pragma once
#include <cstdint>
#include <string>

#include <signalbox/utils.hpp>

#include "users/encode.hpp"

namespace signalbox::users {

/// Why an event was not taken.
enum class Refusal : std::uint8_t { overloaded, notices_full, too_many_unread, unread_full, store_full, not_durable };
EmitError to_emit_error(Refusal refusal) noexcept;

/// An event of a batch.
struct Emission {
  std::string user;
  EncodedEvent event;
};

}  // namespace signalbox::users
