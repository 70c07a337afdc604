#include "hub/shard_counts.hpp"

#include "auth/jwt.hpp"

namespace signalbox::hub {

static_assert(static_cast<std::size_t>(auth::TokenError::expired) + 2 == kLoginRefusals.size());

std::string_view sentence_of(std::size_t reason) {
  if (reason + 1 >= kLoginRefusals.size()) return "The application has refused the client.";
  return auth::message(static_cast<auth::TokenError>(reason));
}

std::size_t reason_of(const ConnectRefusal& refusal) {
  std::size_t reason = 0;
  while (reason + 1 < kLoginRefusals.size() && refusal.message != auth::message(static_cast<auth::TokenError>(reason)))
    ++reason;
  return reason;
}

}  // namespace signalbox::hub
