#include "cluster/agreement.hpp"

namespace signalbox::cluster {

const std::uint32_t kProtocol = 1;

}  // namespace signalbox::cluster
