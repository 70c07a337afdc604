#include "net/descriptors.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

namespace signalbox::net {
namespace {

constexpr std::size_t kOfShard = 4;  ///< epoll, the eventfd that wakes it, its reserve, and one that is being accepted
constexpr std::size_t kLater = 32;   ///< what the store and the application open now and then
constexpr std::size_t kMostConnections = std::size_t{1} << 20;  ///< where the limit of descriptors is no limit
constexpr std::size_t kMostRoom = 65'536;                       ///< of the table, with 8 bytes each

}  // namespace

std::size_t raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 1024;
  if (limit.rlim_cur < limit.rlim_max) {
    rlimit raised = limit;
    raised.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &raised) == 0) limit = raised;
  }
  return limit.rlim_cur;
}

void make_room_for_descriptors(std::size_t count) {
  const int any = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (any < 0) return;
  const int last = ::fcntl(any, F_DUPFD_CLOEXEC, static_cast<int>(std::clamp<std::size_t>(count, 1, kMostRoom)) - 1);
  if (last >= 0) ::close(last);
  ::close(any);
}

std::size_t open_descriptors() {
  constexpr std::size_t kUnknown = 16;
  std::error_code error;
  const std::filesystem::directory_iterator all("/proc/self/fd", error);
  if (error) return kUnknown;
  return static_cast<std::size_t>(std::distance(begin(all), end(all))) - 1;  // less the one that looks
}

std::size_t descriptors_for(std::size_t connections, const Descriptors& descriptors) {
  return connections + descriptors.open + descriptors.shards * (kOfShard + descriptors.addresses) + descriptors.beside +
         kMaxRefused + kLater;
}

std::size_t connections_within(const Descriptors& descriptors) {
  const std::size_t needed = descriptors_for(0, descriptors);
  return std::min(descriptors.limit - std::min(descriptors.limit, needed), kMostConnections);
}

}  // namespace signalbox::net
