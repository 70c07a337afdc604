#include "cluster/agreement.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace signalbox::cluster {

std::expected<void, std::string> check_agreement(const Agreement& ours, const Agreement& theirs) {
  if (ours.partitions != theirs.partitions)
    return std::unexpected(fmt::format(
        "the nodes on this Redis keep presence in {} partitions and this node in {}: they must be the same; "
        "another REDIS_PREFIX makes a system of its own",
        theirs.partitions, ours.partitions));
  const auto [older, newer] = std::minmax(ours.protocol, theirs.protocol);
  if (newer - older > 1)
    return std::unexpected(
        fmt::format("the nodes on this Redis speak version {} of the protocol between nodes and this node version {}: "
                    "upgrade by way of a release that speaks {}",
                    theirs.protocol, ours.protocol, ours.protocol > theirs.protocol ? older + 1 : newer - 1));
  return {};
}

}  // namespace signalbox::cluster
