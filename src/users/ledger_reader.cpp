#include "users/ledger_reader.hpp"

#include <algorithm>
#include <utility>

#include "users/ledger.hpp"

namespace signalbox::users {

void LedgerReader::when_loaded(std::string_view id, unsigned shard, Then then) {
  if (!ledger_.store) return then();
  Stripe& stripe = ledger_.users.of(id);
  User* user = nullptr;
  {
    const Lock lock(stripe.mutex);
    user = &stripe.find_or_add(id);
    ++user->readers;
    if (user->jobs && !user->jobs->loaded() && ledger_.store->state() != StoreState::hanging) {
      auto& waiting = stripe.reading[user].waiting;
      waiting.push_back({shard, std::move(then)});
      if (waiting.size() == 1) read_later({.user = user, .outcomes = user->jobs->left_to_store()});
      return;
    }
  }
  then();
  end_reading(*user);
}

void LedgerReader::read_later(ToRead what) {
  {
    const Lock lock(order_);
    to_read_.push_back(std::move(what));
  }
  read_next();
}

// One after the other, and not while much of what it brought is still to be told: the store reads faster than clients
// are told, and what it brings is past all limits of memory.
void LedgerReader::read_next(bool answered) {
  const Lock lock(order_);
  if (answered) asked_ = false;
  if (asked_ || to_read_.empty() || ledger_.read_bytes + page_bytes_ > ledger_.options.total_bytes / 8) return;
  asked_ = true;
  ToRead next = std::move(to_read_.front());
  to_read_.pop_front();
  if (User* user = next.user) {
    return ledger_.store->read(std::move(next.outcomes), SIZE_MAX,
                               [this, user](const std::vector<StoredFrame>& found) { on_loaded(*user, found); });
  }
  std::vector<StoredFrame> outcomes = next.page->page.left_to_store();
  const std::size_t bytes = next.page->bytes;
  ledger_.store->read(std::move(outcomes), bytes,
                      [this, read = std::move(next.page)](const std::vector<StoredFrame>& found) mutable {
                        give(std::move(read), found);
                        read_next(true);
                      });
}

// The store ends as soon as it has read as many bytes as the page may be large. So what it has not come to is cut off.
void LedgerReader::give(std::unique_ptr<PageToRead> read, const std::vector<StoredFrame>& found) {
  const std::size_t brought = read->page.fill(found);
  read->brought += brought;
  page_bytes_.fetch_add(brought, std::memory_order_relaxed);
  if (catch_up(*read) && ledger_.store->state() != StoreState::hanging) return read_later({.page = std::move(read)});
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
bool LedgerReader::catch_up(PageToRead& read) const {
  Stripe& stripe = ledger_.users.of(read.user);
  const Lock lock(stripe.mutex);
  const User* user = stripe.find(read.user);
  bool more = false;
  for (JobEntry& entry : read.page.jobs) {
    const JobEntry* newest = user && user->jobs && !entry.loaded() ? user->jobs->newest(entry.frame->key()) : nullptr;
    if (!newest || newest->row == entry.row) continue;
    const std::uint64_t number = entry.number;
    entry = *newest;
    entry.number = number;
    entry.time = ledger_.clock.wall(newest->time);
    more = more || !entry.loaded();
  }
  return more;
}

void LedgerReader::on_loaded(User& user, const std::vector<StoredFrame>& found) {
  hand_over(user, found);
  read_next(true);
}

void LedgerReader::hand_over(User& user, const std::vector<StoredFrame>& found) {
  Stripe& stripe = ledger_.users.of(user.id);
  const Lock lock(stripe.mutex);
  Stripe::Reading& reading = stripe.reading[&user];
  const std::size_t brought = user.jobs ? user.jobs->load(found) : 0;
  reading.bytes += brought;
  ledger_.read_bytes.fetch_add(brought, std::memory_order_relaxed);
  for (auto& [shard, call] : std::exchange(reading.waiting, {})) {
    // Refused only by shards that have stopped.
    static_cast<void>(mailboxes_.post(shard, Message::run([this, &user, then = std::move(call)]() mutable {
                                        then();
                                        end_reading(user);
                                      })));
  }
}

void LedgerReader::end_reading(User& user) {
  {
    Stripe& stripe = ledger_.users.of(user.id);
    const Lock lock(stripe.mutex);
    if (--user.readers == 0) {
      if (const auto read = stripe.reading.extract(&user)) ledger_.read_bytes.fetch_sub(read.mapped().bytes);
      if (ledger_.lean && user.jobs) user.jobs->unload();
    }
    if (user.forgotten()) stripe.users.erase(user);
  }
  read_next();
}

// Nothing is brought into the ledger for it, where it would be all that the user has.
void LedgerReader::ask(std::string_view id, JobQuery query, unsigned shard, TakeJobs then) {
  JobPage page = jobs_in_memory(ledger_, id, query);
  const bool in_memory = std::ranges::all_of(page.jobs, &JobEntry::loaded);
  if (in_memory || !ledger_.store || ledger_.store->state() == StoreState::hanging) return then(page);
  read_later({.page = std::make_unique<PageToRead>(PageToRead{.user = std::string(id),
                                                              .page = std::move(page),
                                                              .bytes = query.bytes,
                                                              .shard = shard,
                                                              .then = std::move(then)})});
}

// Nobody waits for a disk that does not answer.
void LedgerReader::look() {
  if (ledger_.store->state() != StoreState::hanging) return;
  std::deque<ToRead> waiting;
  {
    const Lock lock(order_);
    waiting = std::exchange(to_read_, {});
  }
  for (ToRead& one : waiting) one.user ? hand_over(*one.user, {}) : give(std::move(one.page), {});
}

}  // namespace signalbox::users
