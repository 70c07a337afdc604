#include "hub/socket_list.hpp"

#include <utility>

#include "hub/guarded.hpp"
#include "hub/socket_state.hpp"
#include "hub/socket_walk.hpp"

namespace signalbox::hub {

void SocketList::begin(Hub& hub, OnSockets on_sockets) {
  walk_sockets(hub, 0, SocketList(hub, std::move(on_sockets)));
}

void SocketList::visit(const LocalSockets& here, std::uint32_t slot) {
  const SocketState* socket = here.at(slot);
  if (socket && socket->welcomed() && !socket->left() && socket->nsp().name == kMainNamespace)
    found_.push_back(SocketHandle(*socket));
}

void SocketList::end() {
  if (const unsigned next = ++shard_; next < hub_.shards.size()) return walk_sockets(hub_, next, std::move(*this));
  guarded(hub_, "on_sockets", nullptr, [this] { on_sockets_(std::move(found_)); });
}

}  // namespace signalbox::hub
