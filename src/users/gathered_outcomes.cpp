#include "users/gathered_outcomes.hpp"

#include <algorithm>
#include <new>
#include <string_view>

#include "users/hash_index.hpp"

namespace signalbox::users {

/// The user's id and the job's stand behind it.
struct GatheredOutcomes::Record {
  Row row;
  std::uint64_t number;
  LedgerMs time;
  LedgerMs received_at;
  const Record* next;  ///< of the same user
  std::uint32_t user_size, job_size;

  const char* bytes() const { return reinterpret_cast<const char*>(this + 1); }
  std::string_view user() const { return {bytes(), user_size}; }
  std::string_view job() const { return {bytes() + user_size, job_size}; }
  std::size_t size() const { return size(user(), job()); }
  static std::size_t size(std::string_view user, std::string_view job) {
    return (sizeof(Record) + user.size() + job.size() + alignof(Record) - 1) / alignof(Record) * alignof(Record);
  }
};

void GatheredOutcomes::add(const HashedText& user, const StoredOutcome& outcome) {
  const std::size_t size = Record::size(outcome.user, outcome.job_id);
  if (chunks_.empty() || chunks_.back().used + size > kChunkBytes)
    chunks_.push_back({.bytes = std::make_unique_for_overwrite<std::byte[]>(std::max(size, kChunkBytes))});
  Chunk& chunk = chunks_.back();
  auto* record =
      new (chunk.bytes.get() + chunk.used) Record{.row = outcome.row,
                                                  .number = outcome.number,
                                                  .time = outcome.time,
                                                  .received_at = outcome.received_at,
                                                  .next = nullptr,
                                                  .user_size = static_cast<std::uint32_t>(user.text.size()),
                                                  .job_size = static_cast<std::uint32_t>(outcome.job_id.size())};
  char* behind = std::ranges::copy(user.text, reinterpret_cast<char*>(record + 1)).out;
  std::ranges::copy(outcome.job_id, behind);
  chunk.used += size;
}

void GatheredOutcomes::each_user(const Visit& visit) {
  const std::vector<Chunk> chunks = std::move(chunks_);
  struct OfUser {
    Record* first;
    Record* last;
  };
  constexpr std::uint32_t kNone = ~std::uint32_t{0};
  std::vector<OfUser> users;
  HashIndex<std::uint32_t, kNone> index;
  for (const Chunk& chunk : chunks) {
    for (std::size_t at = 0; at < chunk.used;) {
      auto* record = reinterpret_cast<Record*>(chunk.bytes.get() + at);
      at += record->size();
      const auto hash = static_cast<std::uint32_t>(HashedText(record->user()).hash);
      const std::uint32_t known =
          index.find(hash, [&](std::uint32_t user) { return users[user].first->user() == record->user(); });
      if (known == kNone) {
        index.add(hash, static_cast<std::uint32_t>(users.size()));
        users.push_back({record, record});
      } else {
        users[known].last->next = record;
        users[known].last = record;
      }
    }
  }
  std::vector<RestingUsers::Outcome> outcomes;
  for (const OfUser& user : users) {
    outcomes.clear();
    for (const Record* one = user.first; one; one = one->next)
      outcomes.push_back({one->number, one->time, one->received_at, one->row, one->job()});
    visit(HashedText(user.first->user()), outcomes);
  }
}

}  // namespace signalbox::users
