#include "server/admin/recent_refusals.hpp"

#include <algorithm>
#include <cstdlib>
#include <utility>

namespace signalbox::server::admin {
namespace {

constexpr std::int64_t kMinute = 60'000;
constexpr std::string_view kOthers = "Others of this kind: too many to tell each.";

// The wall clock may be set, to either side.
bool within_a_minute(std::int64_t a, std::int64_t b) {
  return std::abs(a - b) < kMinute;
}

}  // namespace

void RecentRefusals::note(std::string_view what, std::string_view reason, std::int64_t at, std::uint64_t count) {
  const Lock lock(mutex_);
  put(what, reason.substr(0, kMaxReason), at, count);
}

void RecentRefusals::compare(const Snapshot& now, std::int64_t at) {
  const std::pair<std::string_view, const std::vector<Labelled>&> groups[] = {
      {"login", now.logins_refused}, {"emit", now.emits_refused}, {"limit", now.limits_reached}};
  const Lock lock(mutex_);
  for (const auto& [what, counts] : groups) {
    for (const Labelled& one : counts) {
      const std::uint64_t before = std::exchange(seen_[{what, one.label}], one.value);
      if (one.value > before) put(what, one.says, at, one.value - before);
    }
  }
}

std::vector<RecentRefusals::Row> RecentRefusals::rows() const {
  const Lock lock(mutex_);
  return {rows_.begin(), rows_.end()};
}

std::uint64_t RecentRefusals::total() const {
  const Lock lock(mutex_);
  return total_;
}

void RecentRefusals::put(std::string_view what, std::string_view reason, std::int64_t at, std::uint64_t count) {
  total_ += count;
  if (add_to_row(what, reason, at, count)) return;
  if (!has_room(what, at)) {
    if (add_to_row(what, kOthers, at, count)) return;
    reason = kOthers;
  }
  rows_.push_front({.at = at, .what = what, .reason = std::string(reason), .count = count});
  if (rows_.size() > kMost) rows_.pop_back();
}

// It goes to the front, where the search begins: whoever is refused again and again is found at once.
bool RecentRefusals::add_to_row(std::string_view what, std::string_view reason, std::int64_t at, std::uint64_t count) {
  const auto found = std::ranges::find_if(
      rows_, [&](const Row& row) { return row.what == what && row.reason == reason && within_a_minute(row.at, at); });
  if (found == rows_.end()) return false;
  found->at = at;
  found->count += count;
  std::rotate(rows_.begin(), found, found + 1);
  return true;
}

bool RecentRefusals::has_room(std::string_view what, std::int64_t at) {
  Kind& kind = kinds_[what];
  if (!within_a_minute(kind.since, at)) kind = {.since = at};
  return kind.rows < kNewAMinute && ++kind.rows != 0;
}

}  // namespace signalbox::server::admin
