#include "hub/socket_list.hpp"

#include <algorithm>
#include <utility>

#include "hub/guarded.hpp"
#include "hub/local_sockets.hpp"
#include "hub/socket_state.hpp"
#include "users/encode.hpp"

namespace signalbox::hub {
namespace {

constexpr std::size_t kSlotsATurn = 4096;

}  // namespace

void SocketList::begin(Hub& hub, OnSockets on_sockets) {
  travel(std::unique_ptr<SocketList>(new SocketList(hub, std::move(on_sockets))));
}

void SocketList::travel(std::unique_ptr<SocketList> list) {
  Hub& hub = list->hub_;
  const unsigned shard = list->shard_;
  static_cast<void>(hub.mailboxes.post(shard, Message::run([list = std::move(list)]() mutable {
                                         if (!list->step()) return travel(std::move(list));
                                         guarded(list->hub_, "on_sockets", nullptr,
                                                 [&] { list->on_sockets_(std::move(list->found_)); });
                                       })));
}

bool SocketList::step() {
  const LocalSockets& here = *hub_.shards[shard_];
  const auto end = static_cast<std::uint32_t>(std::min(here.slots(), slot_ + kSlotsATurn));
  for (; slot_ < end; ++slot_) {
    const SocketState* socket = here.at(slot_);
    if (socket && socket->welcomed() && !socket->left() && socket->nsp().name == kMainNamespace)
      found_.push_back(SocketHandle(*socket));
  }
  if (slot_ < here.slots()) return false;
  slot_ = 0;
  return ++shard_ == hub_.shards.size();
}

}  // namespace signalbox::hub
