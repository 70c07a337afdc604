#include "recovery/recovery_table.hpp"

#include "base/random.hpp"

namespace signalbox::recovery {
namespace {

constexpr std::size_t kRunBytes = 6;

}  // namespace

RecoveryTable::RecoveryTable() : run_(random_id(kRunBytes)) {}

void RecoveryTable::put(std::string_view pid, const SocketRef& socket) {
  std::string key(pid);
  const Lock lock(mutex_);
  sockets_.insert_or_assign(std::move(key), socket);
}

void RecoveryTable::erase(std::string_view pid, const SocketRef& socket) {
  const Lock lock(mutex_);
  const auto found = sockets_.find(pid);
  if (found != sockets_.end() && found->second == socket) sockets_.erase(found);
}

std::optional<SocketRef> RecoveryTable::find(std::string_view pid) const {
  const Lock lock(mutex_);
  const auto found = sockets_.find(pid);
  if (found == sockets_.end()) return std::nullopt;
  return found->second;
}

std::size_t RecoveryTable::size() const {
  const Lock lock(mutex_);
  return sockets_.size();
}

}  // namespace signalbox::recovery
