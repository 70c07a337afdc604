#pragma once
#include <array>
#include <cstddef>
#include <string_view>

#include <signalbox/event_registry.hpp>

#include "base/histogram.hpp"
#include "base/tally.hpp"

namespace signalbox::hub {

/// Why a client was not let in: what is wrong with its token, or that the application has refused it.
inline constexpr std::array<std::string_view, 10> kLoginRefusals = {
    "missing", "too_large", "malformed",     "algorithm", "signature",
    "claims",  "user_id",   "not_yet_valid", "expired",   "application"};
/// Which of these.
std::size_t reason_of(const ConnectRefusal& refusal);

/// What such a client is told, at that place of the list.
std::string_view sentence_of(std::size_t reason);

/// What the sockets of a shard count. thread: written by that shard, read by any.
struct ShardCounts {
  Histogram logins;    ///< from the client's CONNECT until it is a socket
  Histogram receipts;  ///< from an outcome for a client until it has confirmed that
  std::array<Tally, kLoginRefusals.size()> refused_logins;
  Tally packets;  ///< of clients, acknowledgements left out
};

}  // namespace signalbox::hub
