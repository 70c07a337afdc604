#include "users/directory.hpp"

#include <algorithm>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "users/directory_stripe.hpp"

// What is emitted to users, and what is kept of their jobs.
namespace signalbox::users {
namespace {

constexpr std::size_t kLeastGrowth = 4096;

}  // namespace

// An outcome that takes the place of an unread one of its job has its room.
std::optional<Directory::Refusal> Directory::refusal(std::string_view id, const User* user, const EncodedEvent& event,
                                                     const Before& before) {
  if (!event.kept_outcome()) return std::nullopt;
  if (const auto state = store_ ? store_->state() : StoreState::ready; state != StoreState::ready)
    return state == StoreState::full ? Refusal::store_full : Refusal::not_durable;
  const UserJobs* jobs = user ? user->jobs.get() : nullptr;
  const bool room =
      jobs ? jobs->has_room(event.job_id(), before.of_user) : before.of_user < options_.ledger.unread_outcomes_per_user;
  if (!room) {
    unread_of_user_.reached();
    return Refusal::too_many_unread;
  }
  const std::size_t growth = jobs ? jobs->unread_growth(*event.frame) : unread_cost(id, event);
  const std::size_t bytes = unread_bytes() + before.bytes + growth;
  if (growth == 0 || bytes <= options_.ledger.unread_total_bytes) return std::nullopt;
  unread_limit_.reached();
  return Refusal::unread_full;
}

std::size_t Directory::unread_cost(std::string_view id, const EncodedEvent& outcome) const {
  return UserJobs::unread_cost(*outcome.frame, memory_of(id), unread_memory_.data_stays);
}

// First the sockets and then the ledger, whose memory is fetched meanwhile, and which takes our reference: to make
// another would wait for all that was written here.
std::optional<std::size_t> Directory::post(Stripe& stripe, User& user, EncodedEvent event, CommitGroup group,
                                           bool room_seen) SB_REQUIRES(stripe.mutex) {
  const bool kept = !event.job_id().empty(), outcome = event.kept_outcome();
  const HashedText job(event.job_id());
  if (kept) stripe.jobs_of(user).prefetch(job);
  std::size_t queued = 0;
  if (!user.sockets.empty()) {
    const std::uint64_t number = outcome ? user.jobs->next_number() : 0;
    if (!mailboxes_.deliver(user.sockets, event.frame, number, room_seen)) return std::nullopt;
    queued = user.connected();
  }
  note(event);
  if (!kept) return queued;
  std::vector<UserJobs::Gone> gone;
  const bool to_store = outcome && store_;
  const bool leave = to_store && lean_.load(std::memory_order_relaxed) && user.readers == 0;
  FrameRef frame = leave ? key_alone(event.frame) : to_store ? event.frame : std::move(event.frame);
  const auto [entry, replaced] = user.jobs->keep(job, std::move(frame), clock_.now(), gone);
  if (!gone.empty()) forget(gone);
  if (to_store) entry.row = store_->put(user.id, {event.frame, entry.number, clock_.wall(entry.time)}, replaced, group);
  if (leave) stripe.rest_if_small(user);
  look_at_growth(stripe);
  return queued;
}

void Directory::note(const EncodedEvent& event) {
  const bool of_a_job = event->kind() == FrameKind::progress || event->kind() == FrameKind::outcome;
  if (of_a_job && event.job_id().empty()) without_id_.fetch_add(1, std::memory_order_relaxed);
}

// What is not kept here is not left in the store either: nobody would ever ask for it again.
void Directory::forget(const std::vector<UserJobs::Gone>& gone) {
  std::vector<Row> rows;
  for (const UserJobs::Gone& one : gone) {
    if (one.row != 0) rows.push_back(one.row);
    if (one.unread) unread_expired_.fetch_add(1, std::memory_order_relaxed);
  }
  if (!rows.empty()) store_->forget(std::move(rows));
}

// As though it had not been emitted, though who was there has been told: the emit is answered with an error.
void Directory::take_back(RefusedOutcome refused) {
  Stripe& stripe = stripe_of(refused.user);
  const Lock lock(stripe.mutex);
  User* user = stripe.find(refused.user);
  if (refused.before) date_from_store(refused.before->time, refused.before->had_at);
  if (user && user->jobs) user->jobs->take_back(refused.job_id, refused.number, std::move(refused.before));
}

std::expected<std::size_t, Directory::Refusal> Directory::emit(std::string_view id, EncodedEvent event,
                                                               CommitGroup group) {
  const HashedText name(id);
  Stripe& stripe = stripe_of(name);
  std::optional<std::size_t> queued;
  {
    const Lock lock(stripe.mutex);
    User* user = stripe.find(name);
    if (const auto refused = refusal(id, user, event, {})) return std::unexpected(*refused);
    if (!user && event.job_id().empty()) {
      note(event);
      return 0;
    }
    queued = post(stripe, user ? *user : stripe.find_or_add(id), std::move(event), group, false);
  }
  if (!queued) return std::unexpected(Refusal::overloaded);
  mailboxes_.deliver_own();
  return *queued;
}

std::expected<std::size_t, Directory::Refusal> Directory::emit_all(std::vector<Emission> emissions, CommitGroup group) {
  std::vector<std::size_t> wanted(mailboxes_.shards());
  std::unordered_map<std::string_view, std::size_t> outcomes;
  std::size_t bytes = 0;
  for (const Emission& emission : emissions) {
    Stripe& stripe = stripe_of(emission.user);
    const Lock lock(stripe.mutex);
    const User* user = stripe.find(emission.user);
    const bool outcome = emission.event.kept_outcome();
    const Before before{.of_user = outcome ? outcomes[emission.user]++ : 0, .bytes = bytes};
    if (const auto refused = refusal(emission.user, user, emission.event, before)) return std::unexpected(*refused);
    if (outcome) bytes += unread_cost(emission.user, emission.event);
    if (!user) continue;
    for (const SocketRef& to : user->sockets) ++wanted[to.shard];
  }
  for (unsigned shard = 0; shard < wanted.size(); ++shard) {
    if (wanted[shard] != 0 && !mailboxes_.has_room(shard, wanted[shard])) return std::unexpected(Refusal::overloaded);
  }
  std::size_t online = 0;
  for (Emission& emission : emissions) {
    Stripe& stripe = stripe_of(emission.user);
    const Lock lock(stripe.mutex);
    User* user = stripe.find(emission.user);
    if (user || !emission.event.job_id().empty()) {
      User& to = user ? *user : stripe.find_or_add(emission.user);
      online += post(stripe, to, std::move(emission.event), group, true).value_or(0) != 0;
    } else {
      note(emission.event);
    }
  }
  mailboxes_.deliver_own();
  return online;
}

void Directory::confirm(std::string_view id, Outcomes had) {
  Stripe& stripe = stripe_of(id);
  const Lock lock(stripe.mutex);
  const User* user = stripe.find(id);
  if (!user || !user->jobs) return;
  const LedgerMs now = clock_.now();
  std::vector<UserJobs::Gone> gone;
  std::vector<Row> received = user->jobs->confirm(had, now, gone);
  if (!received.empty()) store_->received(std::move(received), clock_.wall(now));
  forget(gone);
}

void Directory::when_loaded(std::string_view id, unsigned shard, Then then) {
  if (!store_) return then();
  Stripe& stripe = stripe_of(id);
  User* user = nullptr;
  {
    const Lock lock(stripe.mutex);
    user = &stripe.find_or_add(id);
    ++user->readers;
    if (user->jobs && !user->jobs->loaded() && store_->state() != StoreState::hanging) {
      auto& waiting = stripe.reading[user].waiting;
      waiting.push_back({shard, std::move(then)});
      if (waiting.size() == 1) read_later({.user = user, .outcomes = user->jobs->left_to_store()});
      return;
    }
  }
  then();
  end_reading(*user);
}

void Directory::read_later(ToRead what) {
  {
    const Lock lock(reading_order_);
    to_read_.push_back(std::move(what));
  }
  read_next();
}

// One after the other, and not while much of what it brought is still to be told: the store reads faster than clients
// are told, and what it brings is past all limits of memory.
void Directory::read_next(bool answered) {
  const Lock lock(reading_order_);
  if (answered) asked_ = false;
  if (asked_ || to_read_.empty() || read_bytes_ + page_bytes_ > options_.ledger.total_bytes / 8) return;
  asked_ = true;
  ToRead next = std::move(to_read_.front());
  to_read_.pop_front();
  if (User* user = next.user) {
    return store_->read(std::move(next.outcomes), SIZE_MAX,
                        [this, user](const std::vector<StoredFrame>& found) { on_loaded(*user, found); });
  }
  std::vector<StoredFrame> outcomes = next.page->page.left_to_store();
  const std::size_t bytes = next.page->bytes;
  store_->read(std::move(outcomes), bytes,
               [this, read = std::move(next.page)](const std::vector<StoredFrame>& found) mutable {
                 give(std::move(read), found);
                 read_next(true);
               });
}

// The store ends as soon as it has read as many bytes as the page may be large. So what it has not come to is cut off.
void Directory::give(std::unique_ptr<PageToRead> read, const std::vector<StoredFrame>& found) {
  const std::size_t brought = read->page.fill(found);
  read->brought += brought;
  page_bytes_.fetch_add(brought, std::memory_order_relaxed);
  if (catch_up(*read) && store_->state() != StoreState::hanging) return read_later({.page = std::move(read)});
  read->page.cut(read->bytes);
  const unsigned shard = read->shard;
  // Refused only by shards that have stopped.
  static_cast<void>(mailboxes_.post(shard, Message::run([this, read = std::move(read)]() mutable {
                                      read->then(read->page);
                                      const std::size_t bytes = read->brought;
                                      read.reset();
                                      page_bytes_.fetch_sub(bytes, std::memory_order_relaxed);
                                      read_next();
                                    })));
}

// A job that goes on while its outcome is read takes that outcome out of the store. It keeps its place in the page.
bool Directory::catch_up(PageToRead& read) const {
  Stripe& stripe = stripe_of(read.user);
  const Lock lock(stripe.mutex);
  const User* user = stripe.find(read.user);
  bool more = false;
  for (JobEntry& entry : read.page.jobs) {
    const JobEntry* newest = user && user->jobs && !entry.loaded() ? user->jobs->newest(entry.frame->key()) : nullptr;
    if (!newest || newest->row == entry.row) continue;
    const std::uint64_t number = entry.number;
    entry = *newest;
    entry.number = number;
    entry.time = clock_.wall(newest->time);
    more = more || !entry.loaded();
  }
  return more;
}

void Directory::on_loaded(User& user, const std::vector<StoredFrame>& found) {
  hand_over(user, found);
  read_next(true);
}

void Directory::hand_over(User& user, const std::vector<StoredFrame>& found) {
  Stripe& stripe = stripe_of(user.id);
  const Lock lock(stripe.mutex);
  Stripe::Reading& reading = stripe.reading[&user];
  const std::size_t brought = user.jobs ? user.jobs->load(found) : 0;
  reading.bytes += brought;
  read_bytes_.fetch_add(brought, std::memory_order_relaxed);
  for (auto& [shard, then] : std::exchange(reading.waiting, {})) {
    // Refused only by shards that have stopped.
    static_cast<void>(mailboxes_.post(shard, Message::run([this, &user, then = std::move(then)]() mutable {
                                        then();
                                        end_reading(user);
                                      })));
  }
}

// While the store does not write, the changes of presence are gathered here, where a user counts once.
void Directory::look_at_store(TimePoint now) {
  store_->look(now);
  if (store_->ready()) return hand_over_presence();
  if (store_->state() != StoreState::hanging) return;
  std::deque<ToRead> waiting;
  {
    const Lock lock(reading_order_);
    waiting = std::exchange(to_read_, {});
  }
  for (ToRead& one : waiting) one.user ? hand_over(*one.user, {}) : give(std::move(one.page), {});
}

void Directory::end_reading(User& user) {
  {
    Stripe& stripe = stripe_of(user.id);
    const Lock lock(stripe.mutex);
    if (--user.readers == 0) {
      if (const auto read = stripe.reading.extract(&user)) read_bytes_.fetch_sub(read.mapped().bytes);
      if (lean_ && user.jobs) user.jobs->unload();
    }
    if (user.forgotten()) stripe.users.erase(user);
  }
  read_next();
}

std::optional<JobStatus> Directory::job(std::string_view id, std::string_view job_id) const {
  Stripe& stripe = stripe_of(id);
  const Lock lock(stripe.mutex);
  const User* user = stripe.find(id);
  if (!user || !user->jobs) return std::nullopt;
  std::optional<JobStatus> status = user->jobs->status(job_id);
  if (status) status->time = clock_.wall(status->time);
  return status;
}

JobPage Directory::jobs(std::string_view id, const JobQuery& query) const {
  Stripe& stripe = stripe_of(id);
  const Lock lock(stripe.mutex);
  const User* user = stripe.find(id);
  if (!user || !user->jobs) return {};
  JobPage page = user->jobs->page(query);
  for (JobEntry& job : page.jobs) job.time = clock_.wall(job.time);
  return page;
}

// Nothing is brought into the ledger for it, where it would be all that the user has.
void Directory::ask(std::string_view id, JobQuery query, unsigned shard, TakeJobs then) {
  JobPage page = jobs(id, query);
  const bool in_memory = std::ranges::all_of(page.jobs, &JobEntry::loaded);
  if (in_memory || !store_ || store_->state() == StoreState::hanging) return then(page);
  read_later({.page = std::make_unique<PageToRead>(PageToRead{.user = std::string(id),
                                                              .page = std::move(page),
                                                              .bytes = query.bytes,
                                                              .shard = shard,
                                                              .then = std::move(then)})});
}

std::size_t Directory::ledger_bytes() const {
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < kStripes; ++i) bytes += stripes_[i].memory.bytes.load(std::memory_order_relaxed);
  return bytes;
}

// Much can come between two looks of on_timer(). So a stripe that has grown by its part of an eighth is looked at as it
// grows.
void Directory::look_at_growth(Stripe& stripe) SB_REQUIRES(stripe.mutex) {
  const std::size_t bytes = stripe.memory.bytes.load(std::memory_order_relaxed);
  stripe.looked_at = std::min(stripe.looked_at, bytes);
  if (bytes - stripe.looked_at <= std::max(kLeastGrowth, options_.ledger.total_bytes / 8 / kStripes)) return;
  look_at_memory();
  const std::size_t most = options_.ledger.total_bytes + read_bytes_;
  const bool tight = ledger_bytes() > (store_ ? most + most / 4 : most);
  if (tight || lean_) expire_jobs(stripe, tight);
  stripe.looked_at = stripe.memory.bytes.load(std::memory_order_relaxed);
}

// Some of it is left free for what comes until the next look, and for progress.
void Directory::look_at_memory() {
  const bool lean = store_ && ledger_bytes() >= options_.ledger.total_bytes / 4 * 3 + read_bytes_;
  lean_.store(lean, std::memory_order_relaxed);
  if (lean) memory_limit_.reached();
}

/// Is there too much, so that what was had and what runs is to go? Not for what is read to be told; and if it is but a
/// little, not before all that may be left to the store was.
bool Directory::tight() const {
  const std::size_t most = options_.ledger.total_bytes + read_bytes_;
  const bool all_is_left = !store_ || left_to_store_ > kStripes;
  return ledger_bytes() > (all_is_left ? most : most + most / 4);
}

/// How many users were looked at.
std::size_t Directory::expire_jobs(Stripe& stripe, bool tight) SB_REQUIRES(stripe.mutex) {
  const Ages ages = clock_.ages();
  RestingUsers* const resting = &stripe.resting;
  for (const std::string& id : resting->due(ages, options_.ledger.outcome_ttl, tight)) stripe.wake(HashedText(id));
  const std::size_t looked = stripe.users.size();
  stripe.users.erase_if([&](User& user) {
    if (user.jobs) {
      forget(user.jobs->expire(ages, tight));
      if (lean_ && user.readers == 0) user.jobs->unload();
      // Not while a receipt may still come: the numbers would begin again, and it would count for the new ones.
      if (user.jobs->empty() && user.sockets.empty()) user.jobs.reset();
    }
    return user.forgotten() || (lean_ && put_to_rest(user, resting));
  });
  return looked;
}

EmitError to_emit_error(Directory::Refusal refusal) noexcept {
  switch (refusal) {
    case Directory::Refusal::overloaded:
    case Directory::Refusal::notices_full:
      return EmitError::overloaded;
    case Directory::Refusal::too_many_unread:
      return EmitError::too_many_unread;
    case Directory::Refusal::unread_full:
      return EmitError::unread_full;
    case Directory::Refusal::store_full:
      return EmitError::store_full;
    case Directory::Refusal::not_durable:
      return EmitError::not_durable;
  }
  return EmitError::overloaded;
}

}  // namespace signalbox::users
