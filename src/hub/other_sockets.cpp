#include "hub/other_sockets.hpp"

namespace signalbox::hub {

std::optional<SocketRef> OtherSockets::add(std::string_view user, const SocketRef& socket, std::size_t most) {
  const Lock lock(mutex_);
  std::vector<SocketRef>& of_user = sockets_.try_emplace(std::string(user)).first->second;
  of_user.push_back(socket);
  if (most == 0 || of_user.size() <= most) return std::nullopt;
  const SocketRef oldest = of_user.front();
  of_user.erase(of_user.begin());
  return oldest;
}

void OtherSockets::remove(std::string_view user, const SocketRef& socket) {
  const Lock lock(mutex_);
  const auto found = sockets_.find(user);
  if (found == sockets_.end()) return;
  std::erase(found->second, socket);
  if (found->second.empty()) sockets_.erase(found);
}

std::vector<SocketRef> OtherSockets::of(std::string_view user) const {
  const Lock lock(mutex_);
  const auto found = sockets_.find(user);
  return found == sockets_.end() ? std::vector<SocketRef>() : found->second;
}

}  // namespace signalbox::hub
