#include "users/resting_users.hpp"

#include <algorithm>
#include <cstring>
#include <new>

namespace signalbox::users {
namespace {

constexpr std::size_t kSlotBytes = 32;  ///< a record's part of the index

/// An outcome but for its job's id, which stands behind it.
struct Packed {
  std::uint64_t number;
  LedgerMs time;
  LedgerMs received_at;
  Row row;
  std::uint32_t id_size;
};

}  // namespace

/// The user's id and the outcomes stand behind it, without gaps.
struct RestingUsers::Record {
  std::uint32_t size;
  std::uint32_t id_size;
  bool unread;    ///< has it an outcome that is?
  bool received;  ///< and one that is not?

  const char* bytes() const { return reinterpret_cast<const char*>(this + 1); }
  std::string_view id() const { return {bytes(), id_size}; }
  template <class Visit>
  void each(Visit visit) const {
    for (const char *at = bytes() + id_size, *end = bytes() + size; at != end;) {
      Packed one;
      std::memcpy(&one, at, sizeof one);
      at += sizeof one;
      visit(Outcome{one.number, one.time, one.received_at, one.row, {at, one.id_size}});
      at += one.id_size;
    }
  }
};

RestingUsers::~RestingUsers() {
  index_.each([](const Record* record) { release(record); });
}

void RestingUsers::release(const Record* record) noexcept {
  ::operator delete(const_cast<Record*>(record));
}

const RestingUsers::Record* RestingUsers::find(const HashedText& id) const {
  return index_.find(static_cast<std::uint32_t>(id.hash),
                     [&](const Record* record) { return record->id() == id.text; });
}

void RestingUsers::count(const Record& record, bool added) {
  const std::size_t bytes = allocated(sizeof(Record) + record.size) + kSlotBytes;
  const std::size_t change = added ? bytes : -bytes;
  memory_.add(change);
  if (record.unread) {
    std::size_t unread = 0;
    record.each([&unread](const Outcome& one) { unread += one.received_at == 0; });
    memory_.unread->bytes.fetch_add(change, std::memory_order_relaxed);
    memory_.add_unread(added ? unread : -unread);
  }
  if (record.received) added ? ++with_received_ : --with_received_;
}

void RestingUsers::add(std::string_view id, const std::vector<Outcome>& outcomes) {
  std::size_t size = id.size();
  for (const Outcome& outcome : outcomes) size += sizeof(Packed) + outcome.job_id.size();
  auto* record = new (::operator new(sizeof(Record) + size)) Record{.size = static_cast<std::uint32_t>(size),
                                                                    .id_size = static_cast<std::uint32_t>(id.size()),
                                                                    .unread = false,
                                                                    .received = false};
  char* out = std::ranges::copy(id, reinterpret_cast<char*>(record + 1)).out;
  for (const auto& [number, time, received_at, row, job_id] : outcomes) {
    const Packed one{number, time, received_at, row, static_cast<std::uint32_t>(job_id.size())};
    std::memcpy(out, &one, sizeof one);
    out = std::ranges::copy(job_id, out + sizeof one).out;
    (received_at == 0 ? record->unread : record->received) = true;
    oldest_ = std::min(oldest_, time);
  }
  index_.add(static_cast<std::uint32_t>(HashedText(id).hash), record);
  count(*record, true);
}

std::vector<JobEntry> RestingUsers::wake(const HashedText& id) {
  std::vector<JobEntry> outcomes;
  const Record* record = find(id);
  if (!record) return outcomes;
  record->each([&outcomes](const Outcome& one) { outcomes.push_back(one.entry()); });
  count(*record, false);
  index_.remove(static_cast<std::uint32_t>(id.hash), record);
  release(record);
  return outcomes;
}

void RestingUsers::each(const std::function<void(std::string_view user, const JobEntry& outcome)>& visit) const {
  index_.each(
      [&](const Record* record) { record->each([&](const Outcome& one) { visit(record->id(), one.entry()); }); });
}

// All are looked at, so not for each outcome by itself: one may live a little longer.
std::vector<std::string> RestingUsers::due(const Ages& ages, LedgerMs ttl, bool tight) {
  std::vector<std::string> out;
  const bool one_ends = oldest_ != kNone && ages.now - oldest_ >= ttl + ttl / 64;
  if (!one_ends && !(tight && with_received_ != 0)) return out;
  oldest_ = kNone;
  index_.each([&](const Record* record) {
    LedgerMs age = 0;
    bool ends = tight && record->received;
    record->each([&](const Outcome& outcome) {
      age = std::max(age, ages.of(outcome.time));
      ends = ends || ages.ends(outcome.time, outcome.received_at == 0, ttl);
    });
    if (ends) {
      out.emplace_back(record->id());
    } else {
      oldest_ = std::min(oldest_, ages.now - std::min(age, ttl));
    }
  });
  return out;
}

}  // namespace signalbox::users
