#include "server/start_look.hpp"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>

#include "net/options.hpp"
#include "net/own_addresses.hpp"

namespace signalbox::server {
namespace {

constexpr Milliseconds kPatience{250};  ///< of a start with a slow disk

/// Of the folder of a group of processes; "max" and what is not there are no bound.
std::uint64_t bound_of_group(const std::filesystem::path& group) {
  std::uint64_t bytes = UINT64_MAX;
  std::ifstream(group / "memory.max") >> bytes;
  return bytes == 0 ? UINT64_MAX : bytes;
}

/// What the groups of this process leave to it (cgroups of the second version): a container's, or that of a unit.
std::uint64_t bound_of_groups() {
  const std::filesystem::path root("/sys/fs/cgroup");
  std::uint64_t most = bound_of_group(root);
  std::ifstream groups("/proc/self/cgroup");
  for (std::string line; std::getline(groups, line);) {
    if (!line.starts_with("0::/")) continue;
    std::filesystem::path group = root;
    for (const auto& name : std::filesystem::path(line.substr(4))) most = std::min(most, bound_of_group(group /= name));
  }
  return most;
}

std::size_t memory_for_this_process() {
  const std::uint64_t machine =
      static_cast<std::uint64_t>(::sysconf(_SC_PHYS_PAGES)) * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  return std::min(machine, bound_of_groups());
}

std::string public_admin_address(const Config& config) {
  for (const net::SidePort& port : net::side_ports_of(config))
    if (port.door == net::Door::admin) return net::public_address_of_listener(port.host);
  return "";
}

std::size_t memory_bound(const Config& config) {
  return config.ledger_total_bytes + config.total_queue_bytes + config.total_partial_bytes + config.store_queue_bytes +
         config.preauth_heads_bytes + (config.recovery_window.count() == 0 ? 0 : config.recovery_total_bytes);
}

}  // namespace

StartFacts look_at_start(const Config& config) {
  StartFacts facts;
  if (config.listen) facts.public_address = net::public_address_of_listener(config.host);
  facts.public_admin_address = public_admin_address(config);
  facts.secrets = {{"JWT_SECRET", config.jwt_secret}, {"API_KEY", config.api_key}, {"ADMIN_KEY", config.admin_key}};
  facts.unix_time =
      std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count();
  facts.memory = memory_for_this_process();
  facts.memory_bound = memory_bound(config);
  if (config.data_dir.empty()) return facts;
  facts.directory = config.data_dir;
  facts.disk = store::disk_kind(config.data_dir);
  if (facts.disk != store::DiskKind::memory) facts.speed = store::disk_speed(config.data_dir, kPatience);
  return facts;
}

void check_start(const Config& config) {
  for (const Complaint& one : judge(look_at_start(config))) log::write(log::Level::warn, one.what, one.fields);
}

}  // namespace signalbox::server
