#include "users/ledger_restore.hpp"

#include <vector>

#include "users/gathered_outcomes.hpp"

namespace signalbox::users {
namespace {

void restore(Stripe& stripe, const HashedText& id, const StoredOutcome& outcome) {
  const Lock lock(stripe.mutex);
  stripe.jobs_of(stripe.find_or_add(id.text))
      .restore({.frame = text_frame(outcome.packet, FrameKind::outcome, outcome.job_id),
                .number = outcome.number,
                .time = outcome.time,
                .received_at = outcome.received_at,
                .row = outcome.row});
}

// Whoever has no data in memory is packed at once.
void restore(Stripe& stripe, GatheredOutcomes& outcomes) {
  const Lock lock(stripe.mutex);
  outcomes.each_user([&](const HashedText& id, const std::vector<RestingUsers::Outcome>& of_user)
                         SB_REQUIRES(stripe.mutex) {
                           User* user = stripe.users.find(id);
                           if (!user) return stripe.resting.add(id.text, of_user);
                           for (const RestingUsers::Outcome& one : of_user) user->jobs->restore(one.entry());
                         });
}

}  // namespace

// Where not all of their data has room in memory, it is left to the store from the beginning: what is brought in would
// have to go at once.
Restored restore(LedgerState& ledger, LedgerExpiry& expiry) {
  constexpr std::size_t kLookEach = 1024;
  OutcomeStore& store = *ledger.store;
  Restored restored;
  expiry.look();
  const auto [outcomes, bytes] = store.extent();
  bool packets = !ledger.lean && JobMemory::cost_of(outcomes, bytes) < ledger.options.total_bytes / 4 * 3;
  std::vector<GatheredOutcomes> left(Stripes::kCount);
  const WallMs present = ledger.clock.wall(ledger.clock.now()) + LedgerClock::kDriftMs;
  store.load(packets, [&](StoredOutcome one) {
    restored.from_the_future = restored.from_the_future || one.time > present;
    ledger.date_from_store(one.time, one.received_at);
    if (++restored.outcomes % kLookEach == 0 && packets) {
      expiry.look();
      packets = !ledger.lean;
    }
    const HashedText user(one.user);
    packets ? restore(ledger.users.of(user), user, one) : left[Stripes::number_of(user)].add(user, one);
    return packets;
  });
  for (std::size_t i = 0; i < Stripes::kCount; ++i) restore(ledger.users[i], left[i]);
  expiry.look();
  return restored;
}

}  // namespace signalbox::users
