#include "users/refusal.hpp"

namespace signalbox::users {

EmitError to_emit_error(Refusal refusal) noexcept {
  switch (refusal) {
    case Refusal::overloaded:
    case Refusal::notices_full:
      return EmitError::overloaded;
    case Refusal::too_many_unread:
      return EmitError::too_many_unread;
    case Refusal::unread_full:
      return EmitError::unread_full;
    case Refusal::store_full:
      return EmitError::store_full;
    case Refusal::not_durable:
      return EmitError::not_durable;
  }
  return EmitError::overloaded;
}

}  // namespace signalbox::users
