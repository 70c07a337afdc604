#include "users/ledger.hpp"

#include <algorithm>
#include <cstdlib>
#include <string>
#include <unordered_set>
#include <utility>

#include "base/log.hpp"
#include "users/ledger_restore.hpp"

namespace signalbox::users {

void Ledger::open(OutcomeStore& store) {
  ledger_.store = &store;
  shares_progress_ = store.wants_progress();
  ledger_.clock.opened();
  ledger_.packets_stay = ledger_.users.unread.data_stays = !store.keeps_packets();
  store.on_refused([this](RefusedOutcome refused) { take_back(std::move(refused)); });
  const Restored restored = restore(ledger_, expiry_);
  from_the_future_ = restored.from_the_future;
  if (unread_bytes() <= ledger_.options.unread_total_bytes) return;
  log::warn("the unread outcomes in the store pass UNREAD_TOTAL_BYTES: none is lost, new ones are refused for now",
            {{"bytes", std::to_string(unread_bytes())}, {"outcomes", std::to_string(restored.outcomes)}});
}

// An outcome that takes the place of an unread one of its job has its room.
std::optional<Refusal> Ledger::refusal(std::string_view id, const User* user, const EncodedEvent& event,
                                       const Before& before) {
  if (!event.kept_outcome()) return std::nullopt;
  if (const auto state = ledger_.store ? ledger_.store->state() : StoreState::ready; state != StoreState::ready)
    return state == StoreState::full ? Refusal::store_full : Refusal::not_durable;
  const UserJobs* jobs = user ? user->jobs.get() : nullptr;
  const bool room =
      jobs ? jobs->has_room(event.job_id(), before.of_user) : before.of_user < ledger_.options.unread_outcomes_per_user;
  if (!room) {
    unread_of_user_.reached();
    return Refusal::too_many_unread;
  }
  const std::size_t growth = jobs ? jobs->unread_growth(*event.frame) : unread_cost(id, event);
  const std::size_t bytes = unread_bytes() + before.bytes + growth;
  if (growth == 0 || bytes <= ledger_.options.unread_total_bytes) return std::nullopt;
  unread_of_all_.reached();
  return Refusal::unread_full;
}

std::size_t Ledger::unread_cost(std::string_view id, const EncodedEvent& outcome) const {
  return JobMemory::first_unread_cost(*outcome.frame, memory_of(id), ledger_.users.unread.data_stays);
}

LedgerMs Ledger::happened_at(const Frame& event) const {
  const auto word = queue_word(event);
  return word && word->ends() && word->finished_ms != 0 ? ledger_.clock.from_store(word->finished_ms)
                                                        : ledger_.clock.now();
}

void Ledger::leave_out(const User& user, const EncodedEvent& event, const ToldOnce::Verdict& verdict, Row row) {
  std::vector<UserJobs::Gone> gone;
  leave_out(user, event.frame, verdict, row, gone);
  ledger_.forget(gone);
}

// An outcome that another node holds stays there until the user has received the one that told of it: either may not be
// on its disk yet, and may never get there.
void Ledger::leave_out(const User& user, const FrameRef& event, const ToldOnce::Verdict& verdict, Row row,
                       std::vector<UserJobs::Gone>& gone) {
  if (row != 0 && verdict.told_as && user.jobs->keep_with(*verdict.told_as, event, row, gone)) return;
  if (row != 0) ledger_.store->received(user.id, {row}, ledger_.clock.wall(ledger_.clock.now()));
  if (!verdict.silent.empty()) user.jobs->keep_silent(verdict.silent, ledger_.clock.now(), gone);
}

void Ledger::keep_silent(const User& user, const ToldOnce::Verdict& verdict) {
  if (verdict.silent.empty()) return;
  std::vector<UserJobs::Gone> gone;
  user.jobs->keep_silent(verdict.silent, ledger_.clock.now(), gone);
  ledger_.forget(gone);
}

// What it takes the place of here stays in the store where another node holds it: its node says when it is safe there.
Row Ledger::keep(Stripe& stripe, User& user, const HashedText& job, EncodedEvent&& event, CommitGroup group, Row row) {
  std::vector<UserJobs::Gone> gone;
  const bool progress = event->kind() == FrameKind::progress;
  const bool own_outcome = event.kept_outcome() && row == 0;
  if (own_outcome) stripe.memory.outcomes.add();
  OutcomeStore* const store = own_outcome ? ledger_.store : nullptr;
  const bool leave = store && ledger_.lean.load(std::memory_order_relaxed) && user.readers == 0;
  FrameRef frame = leave ? key_alone(event.frame) : store ? event.frame : std::move(event.frame);
  const auto [entry, replaced] = user.jobs->keep(job, std::move(frame), ledger_.clock.now(), gone);
  if (!gone.empty()) ledger_.forget(gone);
  if (store) row = store->put(user.id, {event.frame, entry.number, ledger_.clock.wall(entry.time)}, replaced, group);
  entry.row = row;
  if (progress && shares_progress_ && user.jobs->begins_second(job, ledger_.clock.now()))
    ledger_.store->progress(user.id, job.text);
  if (leave) stripe.rest_if_small(user);
  expiry_.look_at_growth(stripe);
  return row;
}

bool Ledger::has(const User& user, std::string_view job, Row row) {
  return user.jobs && user.jobs->has(job, row);
}

// No more than a node keeps by itself. What has no room stays where it was found, for a later login.
Ledger::Taken Ledger::take_found(Stripe& stripe, User& user, std::vector<Found> found, std::optional<AllProgress> all) {
  UserJobs& jobs = stripe.jobs_of(user);
  if (all) {
    std::unordered_set<std::string_view> running;
    for (const Found& one : found)
      if (one.frame->kind() == FrameKind::progress) running.insert(one.frame->key());
    jobs.end_progress_but(running, ledger_.clock.from_store(all->since), ledger_.clock.from_store(all->until));
  }
  Taken taken;
  std::vector<UserJobs::Gone> gone;
  const auto has_room = [&](const Frame& outcome) SB_REQUIRES(stripe.mutex) {
    const std::size_t growth = jobs.unread_growth(outcome);
    if (!jobs.has_room(outcome.key(), 0)) return unread_of_user_.reached(), false;
    if (growth != 0 && unread_bytes() + growth > ledger_.options.unread_total_bytes)
      return unread_of_all_.reached(), false;
    return true;
  };
  for (Found& one : found) {
    const bool unread = one.frame->kind() != FrameKind::progress && one.received_at == 0;
    if (unread && !has_room(*one.frame)) {
      taken.whole = false;
      continue;
    }
    ledger_.date_from_store(one.time, one.received_at);
    const HashedText job(hashed_job(one.frame->key()));
    if (one.row != 0 && jobs.has(job.text, one.row)) {
      jobs.date(job.text, one.row, one.time);  // as those have it that are found behind it
      if (one.received_at != 0) note_received(user.id, jobs, {&one.row, 1}, one.received_at, gone);
      continue;
    }
    const ToldOnce::Verdict verdict =
        jobs.may_be_known(*one.frame) ? jobs.judge(*one.frame, one.time) : ToldOnce::Verdict{};
    if (!verdict.told) {
      leave_out(user, one.frame, verdict, one.row, gone);
      continue;
    }
    if (!verdict.silent.empty()) jobs.keep_silent(verdict.silent, ledger_.clock.now(), gone);
    if (one.frame->kind() == FrameKind::progress) {
      if (!jobs.newest(job.text)) jobs.keep(job, std::move(one.frame), one.time, gone);
      continue;
    }
    JobEntry outcome{.frame = one.frame, .time = one.time, .received_at = one.received_at, .row = one.row};
    outcome.number = jobs.take_found(outcome, gone);
    if (outcome.number != 0 && outcome.unread()) taken.news.push_back(std::move(outcome));
  }
  ledger_.forget(gone);
  expiry_.look_at_growth(stripe);
  return taken;
}

void Ledger::received(std::string_view id, std::span<const Row> rows, WallMs at) {
  Stripe& stripe = ledger_.users.of(id);
  const Lock lock(stripe.mutex);
  const User* user = stripe.find(id);
  if (!user || !user->jobs) return;
  std::vector<UserJobs::Gone> gone;
  note_received(id, *user->jobs, rows, ledger_.clock.from_store(at), gone);
  ledger_.forget(gone);
}

void Ledger::note_received(std::string_view id, UserJobs& jobs, std::span<const Row> rows, LedgerMs at,
                           std::vector<UserJobs::Gone>& gone) {
  auto [own, with] = jobs.receive(rows, at, gone);
  if (!own.empty()) ledger_.store->received_elsewhere(id, std::move(own), ledger_.clock.wall(at));
  if (!with.empty()) ledger_.store->received(id, std::move(with), ledger_.clock.wall(at));
}

// Its row may be there although it is not in memory: one that came from another node may have taken its place.
void Ledger::forget(std::string_view id, Row row) {
  Stripe& stripe = ledger_.users.of(id);
  const Lock lock(stripe.mutex);
  const User* user = stripe.find(id);
  if (user && user->jobs) user->jobs->forget(row);
  ledger_.forget({{.row = row, .unread = false}});
}

std::vector<Ledger::Unread> Ledger::unread_of_this_node(std::size_t stripe_number) const {
  Stripe& stripe = ledger_.users[stripe_number];
  std::vector<Unread> out;
  const auto add = [&](std::string_view user, const JobEntry& outcome) {
    if (outcome.unread() && outcome.row != 0 && !of_another(outcome.row))
      out.push_back({.user = std::string(user),
                     .frame = outcome.frame,
                     .time = ledger_.clock.wall(outcome.time),
                     .row = outcome.row});
  };
  const Lock lock(stripe.mutex);
  stripe.users.each([&](const User& user) {
    if (!user.jobs) return;
    for (const JobEntry& outcome : user.jobs->outcomes()) add(user.id, outcome);
  });
  stripe.resting.each([&](std::string_view user, const JobEntry& outcome) { add(user, outcome); });
  return out;
}

void Ledger::drop_found(std::string_view id) {
  Stripe& stripe = ledger_.users.of(id);
  const Lock lock(stripe.mutex);
  User* user = stripe.users.find(HashedText(id));
  if (!user || !user->jobs || !user->sockets.empty()) return;
  user->jobs->drop_found();
  if (user->jobs->empty()) user->jobs.reset();
  if (user->forgotten()) stripe.users.erase(*user);
}

UserJobs::Replay Ledger::replay(const User& user) const {
  return user.jobs ? user.jobs->replay(ledger_.clock.ages()) : UserJobs::Replay{};
}

void Ledger::note(const EncodedEvent& event) {
  const bool of_a_job = event->kind() == FrameKind::progress || event->kind() == FrameKind::outcome;
  if (of_a_job && event.job_id().empty()) without_id_.fetch_add(1, std::memory_order_relaxed);
}

// As if it was never emitted: the emit is answered with an error. Sockets that were there have been told.
void Ledger::take_back(RefusedOutcome refused) {
  Stripe& stripe = ledger_.users.of(refused.user);
  const Lock lock(stripe.mutex);
  User* user = stripe.find(refused.user);
  if (refused.before) ledger_.date_from_store(refused.before->time, refused.before->received_at);
  if (user && user->jobs) user->jobs->take_back(refused.job_id, refused.number, std::move(refused.before));
}

void Ledger::confirm(std::string_view id, OutcomeRange range) {
  Stripe& stripe = ledger_.users.of(id);
  const Lock lock(stripe.mutex);
  const User* user = stripe.find(id);
  if (!user || !user->jobs) return;
  const LedgerMs now = ledger_.clock.now();
  std::vector<UserJobs::Gone> gone;
  std::vector<Row> received = user->jobs->confirm(range, now, gone);
  if (!received.empty()) ledger_.store->received(id, std::move(received), ledger_.clock.wall(now));
  ledger_.forget(gone);
}

std::optional<JobStatus> Ledger::job(std::string_view id, std::string_view job_id) const {
  Stripe& stripe = ledger_.users.of(id);
  const Lock lock(stripe.mutex);
  const User* user = stripe.find(id);
  if (!user || !user->jobs) return std::nullopt;
  std::optional<JobStatus> status = user->jobs->status(job_id);
  if (status) status->time = ledger_.clock.wall(status->time);
  return status;
}

bool Ledger::knows(std::string_view id, const Frame& outcome) const {
  Stripe& stripe = ledger_.users.of(id);
  const Lock lock(stripe.mutex);
  const User* user = stripe.find(id);
  return user && user->jobs && user->jobs->knows(outcome, ledger_.clock.now());
}

bool Ledger::runs(std::string_view id, std::string_view job_id) const {
  Stripe& stripe = ledger_.users.of(id);
  const Lock lock(stripe.mutex);
  const User* user = stripe.find_awake(id);
  return user && user->jobs && user->jobs->runs(job_id);
}

JobPage jobs_in_memory(const LedgerState& ledger, std::string_view id, const JobQuery& query) {
  Stripe& stripe = ledger.users.of(id);
  const Lock lock(stripe.mutex);
  const User* user = stripe.find(id);
  if (!user || !user->jobs) return {};
  JobPage page = user->jobs->page(query);
  for (JobEntry& job : page.jobs) job.time = ledger.clock.wall(job.time);
  return page;
}

JobPage Ledger::jobs(std::string_view user, const JobQuery& query) const {
  return jobs_in_memory(ledger_, user, query);
}

void Ledger::look_at_clock() {
  constexpr std::int64_t kWorthALine = 5000;
  const bool was_set = ledger_.clock.ages().clock_is_set;
  const std::int64_t jump = ledger_.clock.look();
  if (ledger_.store && jump != 0) ledger_.store->redate(jump);
  // By now nobody sets it any more: what seems to come from the future would seem so at each start.
  if (ledger_.store && !was_set && ledger_.clock.ages().clock_is_set && from_the_future_)
    ledger_.store->date_at_most(ledger_.clock.wall(ledger_.clock.now()));
  if (std::abs(jump) < kWorthALine) return;
  log::warn("the wall clock has jumped: nothing that is kept ends earlier or later for that",
            {{"by_ms", std::to_string(jump)}});
}

}  // namespace signalbox::users
