// The program, as if it were of any release: which version of the protocol between nodes it speaks, the environment
// says.
#include <cstdlib>

#include "cluster/agreement.hpp"

namespace signalbox::cluster {

const std::uint32_t kProtocol = static_cast<std::uint32_t>(std::atoi(std::getenv("NODE_PROTOCOL")));

}  // namespace signalbox::cluster
