#pragma once
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include <array>
#include <cstddef>
#include <cstdint>

namespace signalbox::users {

/// Eight values by their hashes, which are compared at once; of small values in one cache line.
template <class Value>
struct alignas(64) HashBucket {
  static constexpr std::size_t kSlots = 8;
  static constexpr std::uint32_t kFree = 0;

  std::array<std::uint32_t, kSlots> hashes{};
  std::array<Value, kSlots> values{};

  /// A bit for each slot with this hash.
  unsigned with(std::uint32_t hash) const {
#ifdef __SSE2__
    const __m128i wanted = _mm_set1_epi32(static_cast<int>(hash));
    const auto* four = reinterpret_cast<const __m128i*>(hashes.data());
    const __m128i low = _mm_cmpeq_epi32(_mm_load_si128(four), wanted);
    const __m128i high = _mm_cmpeq_epi32(_mm_load_si128(four + 1), wanted);
    const __m128i bytes = _mm_packs_epi16(_mm_packs_epi32(low, high), _mm_setzero_si128());
    return static_cast<unsigned>(_mm_movemask_epi8(bytes));
#else
    unsigned bits = 0;
    for (std::size_t slot = 0; slot < kSlots; ++slot) bits |= unsigned{hashes[slot] == hash} << slot;
    return bits;
#endif
  }
  bool full() const { return with(kFree) == 0; }
};

}  // namespace signalbox::users
