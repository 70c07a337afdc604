#include "users/ledger_expiry.hpp"

#include <algorithm>
#include <string>

namespace signalbox::users {
namespace {

constexpr std::size_t kLeastGrowth = 4096;

}  // namespace

void LedgerExpiry::begin_second() {
  constexpr std::size_t kEachSecond = 16;
  left_ = kEachSecond;
  look();
}

// So many users a turn, so that none is long however many there are.
void LedgerExpiry::go_on() {
  constexpr std::size_t kEachTurn = 2000;
  for (std::size_t looked = 0; left_ != 0 && looked < kEachTurn; --left_) {
    left_to_store_ = ledger_.lean ? left_to_store_ + 1 : 0;
    Stripe& stripe = ledger_.users[next_++ % Stripes::kCount];
    const bool too_much = tight();
    const Lock lock(stripe.mutex);
    looked += expire(stripe, too_much);
  }
}

// Much can come between two looks of on_timer(). So a stripe that has grown by its part of an eighth is looked at as it
// grows.
void LedgerExpiry::look_at_growth(Stripe& stripe) SB_REQUIRES(stripe.mutex) {
  const std::size_t bytes = stripe.memory.bytes.load(std::memory_order_relaxed);
  stripe.looked_at = std::min(stripe.looked_at, bytes);
  if (bytes - stripe.looked_at <= std::max(kLeastGrowth, ledger_.options.total_bytes / 8 / Stripes::kCount)) return;
  look();
  const std::size_t most = ledger_.options.total_bytes + ledger_.read_bytes;
  const bool tight = ledger_.users.jobs_bytes() > (ledger_.packets_stay ? most : most + most / 4);
  if (tight || ledger_.lean) expire(stripe, tight);
  stripe.looked_at = stripe.memory.bytes.load(std::memory_order_relaxed);
}

// Some of it is left free for what comes until the next look, and for progress.
void LedgerExpiry::look() {
  const bool lean =
      !ledger_.packets_stay && ledger_.users.jobs_bytes() >= ledger_.options.total_bytes / 4 * 3 + ledger_.read_bytes;
  ledger_.lean.store(lean, std::memory_order_relaxed);
  if (lean) memory_.reached();
}

/// Is there too much, so that received outcomes and progress have to go? Outcomes that are read to be told do not
/// count. A little too much counts only once all that may be left to the store has been.
bool LedgerExpiry::tight() const {
  const std::size_t most = ledger_.options.total_bytes + ledger_.read_bytes;
  const bool all_is_left = ledger_.packets_stay || left_to_store_ > Stripes::kCount;
  return ledger_.users.jobs_bytes() > (all_is_left ? most : most + most / 4);
}

/// How many users were looked at.
std::size_t LedgerExpiry::expire(Stripe& stripe, bool tight) SB_REQUIRES(stripe.mutex) {
  const Ages ages = ledger_.clock.ages();
  RestingUsers* const resting = &stripe.resting;
  for (const std::string& id : resting->due(ages, ledger_.options.outcome_ttl, tight)) stripe.wake(HashedText(id));
  const std::size_t looked = stripe.users.size();
  stripe.users.erase_if([&](User& user) {
    if (user.jobs) {
      ledger_.forget(user.jobs->expire(ages, tight));
      if (ledger_.lean && user.readers == 0) user.jobs->unload();
      // Not while a receipt may still come: the numbers would begin again, and it would count for the new ones.
      if (user.jobs->empty() && user.sockets.empty()) user.jobs.reset();
    }
    return user.forgotten() || (ledger_.lean && put_to_rest(user, resting));
  });
  return looked;
}

}  // namespace signalbox::users
