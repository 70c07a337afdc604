#include "server/admin/admin_history.hpp"

#include <algorithm>
#include <utility>

namespace signalbox::server::admin {
namespace {

std::uint64_t sum_of(const std::vector<Labelled>& counts) {
  std::uint64_t sum = 0;
  for (const Labelled& one : counts) sum += one.value;
  return sum;
}

}  // namespace

Rates rates_between(const Look& before, const Look& now) {
  const double seconds = std::chrono::duration<double>(now.at - before.at).count();
  if (seconds <= 0) return {};
  const auto rate = [seconds](std::uint64_t from, std::uint64_t to) {
    return to > from ? static_cast<double>(to - from) / seconds : 0;
  };
  const Snapshot &a = before.snapshot, &b = now.snapshot;
  return {.logins = rate(a.login.count(), b.login.count()),
          .logins_refused = rate(sum_of(a.logins_refused), sum_of(b.logins_refused)),
          .events = rate(a.delivery.count(), b.delivery.count()),
          .outcomes = rate(a.outcomes, b.outcomes),
          .packets = rate(a.client_packets, b.client_packets),
          .refusals = rate(before.refusals, now.refusals),
          .cpu = std::max(0.0, b.cpu_seconds - a.cpu_seconds) / seconds};
}

std::optional<double> quantile(const Histogram::Values& values, double share) {
  const auto all = static_cast<double>(values.count());
  if (all == 0) return std::nullopt;
  double below = 0;
  for (std::size_t i = 0; i + 1 < Histogram::kBuckets; ++i) {
    const auto here = static_cast<double>(values.counts[i]);
    if (here != 0 && below + here >= share * all) {
      const double from = i == 0 ? 0 : Histogram::seconds_up_to(i - 1);
      return from + (Histogram::seconds_up_to(i) - from) * (share * all - below) / here;
    }
    below += here;
  }
  return Histogram::seconds_up_to(Histogram::kBuckets - 2);  // or longer: nobody knows
}

Histogram::Values between(const Histogram::Values& before, const Histogram::Values& now) {
  Histogram::Values out;
  for (std::size_t i = 0; i < Histogram::kBuckets; ++i)
    out.counts[i] = now.counts[i] - std::min(now.counts[i], before.counts[i]);
  out.nanoseconds = now.nanoseconds - std::min(now.nanoseconds, before.nanoseconds);
  return out;
}

void AdminHistory::add(Look look) {
  const Snapshot& now = look.snapshot;
  Point point{.unix_ms = look.unix_ms,
              .users_online = now.users_online,
              .connections = now.connections,
              .memory_bytes = now.resident_memory_bytes,
              .unheard = now.unread_outcomes};
  if (!looks_.empty()) {
    const Look& last = looks_.back();
    point.rates = rates_between(last, look);
    point.delivery_p99 = quantile(between(last.snapshot.delivery, now.delivery), 0.99);
  }
  points_.push_back(point);
  if (points_.size() > kPoints) points_.pop_front();
  looks_.push_back(std::move(look));
  if (looks_.size() > kLooks) looks_.pop_front();
}

const Look* AdminHistory::look_before(TimePoint now, Clock::duration age) const {
  const Look* found = looks_.empty() ? nullptr : &looks_.front();
  for (const Look& look : looks_)
    if (now - look.at >= age) found = &look;
  return found;
}

Rates AdminHistory::rates(const Look& now) const {
  const Look* const before = look_before(now.at, kEvery / 2);
  return before ? rates_between(*before, now) : Rates{};
}

Histogram::Values AdminHistory::recent(const Look& now, Histogram::Values Snapshot::* of) const {
  const Look* const before = look_before(now.at, kEvery * (kLooks - 1));
  return before ? between(before->snapshot.*of, now.snapshot.*of) : now.snapshot.*of;
}

}  // namespace signalbox::server::admin
