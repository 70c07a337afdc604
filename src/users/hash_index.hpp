#pragma once
#include <bit>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "users/hash_bucket.hpp"

namespace signalbox::users {

/// Values by the hashes of their ids, eight in a bucket, and a bucket of small values in one cache line. All hashes of
/// a bucket are compared at once, since a processor mispredicts the ends of loops over random places. An entry whose
/// bucket is full goes to the next bucket with room.
template <class Value, Value kNone>
class HashIndex {
 public:
  /// The value of that hash for which `is_it(value)` holds, or kNone.
  template <class IsIt>
  Value find(std::uint32_t hash, IsIt is_it) const {
    if (buckets_.empty()) return kNone;
    for (std::size_t at = home(used(hash));; at = after(at)) {
      const Bucket& bucket = buckets_[at];
      for (unsigned same = bucket.with(used(hash)); same != 0; same &= same - 1) {
        const Value value = bucket.values[first(same)];
        if (is_it(value)) return value;
      }
      if (!bucket.full()) return kNone;
    }
  }
  void add(std::uint32_t hash, Value value) {
    if (4 * (size_ + 1) > 3 * kSlots * buckets_.size()) grow();
    put(used(hash), value);
    ++size_;
  }
  /// The value is there.
  void remove(std::uint32_t hash, Value value) {
    for (std::size_t at = home(used(hash));; at = after(at)) {
      for (unsigned same = buckets_[at].with(used(hash)); same != 0; same &= same - 1) {
        if (buckets_[at].values[first(same)] == value) return take_out(at, first(same));
      }
    }
  }
  template <class Visit>
  void each(Visit visit) const {
    for (const Bucket& bucket : buckets_) {
      for (std::size_t slot = 0; slot < kSlots; ++slot) {
        if (bucket.hashes[slot] != kFree) visit(bucket.values[slot]);
      }
    }
  }
  /// Those of one of `pieces` (a power of two) by their hashes: a value is of the same piece wherever it moves.
  template <class Visit>
  void each_of(std::uint32_t piece, std::uint32_t pieces, Visit visit) const {
    for (const Bucket& bucket : buckets_) {
      for (std::size_t slot = 0; slot < kSlots; ++slot) {
        const std::uint32_t hash = bucket.hashes[slot];
        if (hash != kFree && (hash >> 16 & (pieces - 1)) == piece) visit(bucket.values[slot]);
      }
    }
  }
  /// Those for which `is_over(value)` holds; it may be asked twice of one.
  template <class IsOver>
  void remove_if(IsOver is_over) {
    for (std::size_t at = 0; at < buckets_.size(); ++at) {
      Bucket& bucket = buckets_[at];
      for (std::size_t slot = 0; slot < kSlots; ++slot) {
        // Again and again: one of another bucket may have taken the place.
        while (bucket.hashes[slot] != kFree && is_over(bucket.values[slot])) take_out(at, slot);
      }
    }
  }
  /// It will be looked for soon.
  void prefetch(std::uint32_t hash) const {
    if (!buckets_.empty()) __builtin_prefetch(&buckets_[home(used(hash))], 1);
  }
  std::size_t size() const { return size_; }

 private:
  using Bucket = HashBucket<Value>;
  static constexpr std::size_t kSlots = Bucket::kSlots;
  static constexpr std::uint32_t kFree = Bucket::kFree;

  static std::uint32_t used(std::uint32_t hash) { return hash == kFree ? 1 : hash; }
  static std::size_t first(unsigned bits) { return static_cast<std::size_t>(std::countr_zero(bits)); }
  std::size_t home(std::uint32_t hash) const { return hash & (buckets_.size() - 1); }
  std::size_t after(std::size_t at) const { return (at + 1) & (buckets_.size() - 1); }
  std::size_t steps(std::size_t from, std::size_t to) const { return (to - from) & (buckets_.size() - 1); }

  void put(std::uint32_t hash, Value value) {
    std::size_t at = home(hash);
    while (buckets_[at].full()) at = after(at);
    Bucket& bucket = buckets_[at];
    const std::size_t slot = first(bucket.with(kFree));
    bucket.hashes[slot] = hash;
    bucket.values[slot] = value;
  }
  void take_out(std::size_t at, std::size_t slot) {
    --size_;
    for (bool was_full = true; was_full;) {
      Bucket& bucket = buckets_[at];
      was_full = bucket.full();
      bucket.hashes[slot] = kFree;
      if (was_full && !move_up(at, slot)) return;
    }
  }
  /// Moves an entry into this bucket that had to go to a later one. `at` and `slot` then say where it stood.
  bool move_up(std::size_t& at, std::size_t& slot) {
    Bucket& gap = buckets_[at];
    for (std::size_t next = after(at);; next = after(next)) {
      Bucket& bucket = buckets_[next];
      for (std::size_t other = 0; other < kSlots; ++other) {
        const std::uint32_t hash = bucket.hashes[other];
        if (hash == kFree || steps(home(hash), next) < steps(at, next)) continue;
        gap.hashes[slot] = hash;
        gap.values[slot] = bucket.values[other];
        at = next;
        slot = other;
        return true;
      }
      if (!bucket.full()) return false;
    }
  }
  void grow() {
    const std::vector<Bucket> before =
        std::exchange(buckets_, std::vector<Bucket>(buckets_.empty() ? 1 : 2 * buckets_.size()));
    for (const Bucket& bucket : before) {
      for (std::size_t slot = 0; slot < kSlots; ++slot) {
        if (bucket.hashes[slot] != kFree) put(bucket.hashes[slot], bucket.values[slot]);
      }
    }
  }

  std::vector<Bucket> buckets_;  ///< a power of two, a quarter of their slots free
  std::uint32_t size_ = 0;
};

}  // namespace signalbox::users
