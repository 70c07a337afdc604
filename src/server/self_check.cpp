#include "server/self_check.hpp"

#include <chrono>
#include <optional>

namespace signalbox::server {
namespace {

constexpr Milliseconds kSlowDisk{20};
constexpr std::int64_t kEarliest = 1'767'225'600;  // 2026-01-01: this program is younger

std::optional<Complaint> judge_address(const StartFacts& facts) {
  if (facts.public_address.empty()) return std::nullopt;
  return Complaint{.what =
                       "PORT listens at a public address without TLS, so that tokens can be read on the way: let a "
                       "proxy speak https, and set HOST to localhost or to an address of your own network",
                   .fields = {{"address", facts.public_address}}};
}

std::optional<Complaint> judge_admin_address(const StartFacts& facts) {
  if (facts.public_admin_address.empty()) return std::nullopt;
  return Complaint{.what =
                       "ADMIN_PORT listens at a public address without TLS, so that the admin page's key can be read "
                       "on the way: set ADMIN_HOST to localhost, or to an address of your own network",
                   .fields = {{"address", facts.public_admin_address}}};
}

std::optional<Complaint> judge_secrets(const StartFacts& facts) {
  for (const auto& one : facts.secrets)
    for (const auto& other : facts.secrets)
      if (&one < &other && !one.value.empty() && one.value == other.value)
        return Complaint{.what =
                             "two settings have the same secret, so that who has one has the other's rights as "
                             "well: give each a secret of its own",
                         .fields = {{"settings", std::string(one.setting) + " and " + std::string(other.setting)}}};
  return std::nullopt;
}

std::optional<Complaint> judge_clock(const StartFacts& facts) {
  if (facts.unix_time >= kEarliest) return std::nullopt;
  return Complaint{.what = "the clock is years behind, so that tokens which have expired are accepted: set it, by NTP",
                   .fields = {{"unix_time", std::to_string(facts.unix_time)}}};
}

std::optional<Complaint> judge_memory(const StartFacts& facts) {
  if (facts.memory == 0 || facts.memory_bound <= facts.memory) return std::nullopt;
  return Complaint{
      .what =
          "the limits allow more memory than there is, so that the system may end this process: lower "
          "LEDGER_TOTAL_BYTES and TOTAL_QUEUE_BYTES, or give it more",
      .fields = {{"allowed", std::to_string(facts.memory_bound)}, {"memory", std::to_string(facts.memory)}}};
}

std::optional<Complaint> judge_place(const StartFacts& facts) {
  if (facts.directory.empty() || facts.disk == store::DiskKind::disk) return std::nullopt;
  const bool memory = facts.disk == store::DiskKind::memory;
  return Complaint{.what = memory ? "DATA_DIR lies in memory, so that outcomes are lost when the machine restarts: "
                                    "choose a folder on a disk"
                                  : "DATA_DIR lies in the container itself, so that outcomes are lost with it: mount a "
                                    "volume there",
                   .fields = {{"directory", facts.directory}}};
}

std::optional<Complaint> judge_speed(const StartFacts& facts) {
  if (facts.directory.empty() || facts.speed.p99 < kSlowDisk) return std::nullopt;
  const auto ms = std::chrono::duration_cast<Milliseconds>(facts.speed.p99).count();
  return Complaint{.what =
                       "the disk of DATA_DIR is slow, and so long an outcome waits until its worker gets 202: choose "
                       "a faster one, or one on this machine",
                   .fields = {{"directory", facts.directory},
                              {"fsync_p99_ms", (facts.speed.answered ? "" : "more than ") + std::to_string(ms)},
                              {"writes", std::to_string(facts.speed.writes)}}};
}

}  // namespace

std::vector<Complaint> judge(const StartFacts& facts) {
  std::vector<Complaint> out;
  for (auto judged :
       {judge_address, judge_admin_address, judge_secrets, judge_clock, judge_memory, judge_place, judge_speed})
    if (auto complaint = judged(facts)) out.push_back(*std::move(complaint));
  return out;
}

}  // namespace signalbox::server
