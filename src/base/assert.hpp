#pragma once
#include <cstdio>
#include <cstdlib>

/// For our own broken invariants, never for what a peer may send. Always on: a shard in an unknown state must not go
/// on.
#define SB_ASSERT(condition)                                                                 \
  do {                                                                                       \
    if (!(condition)) [[unlikely]] {                                                         \
      std::fprintf(stderr, "%s:%d: broken invariant: %s\n", __FILE__, __LINE__, #condition); \
      std::abort();                                                                          \
    }                                                                                        \
  } while (false)

/// The same check where it would cost a release too much: in debug and sanitizer builds alone.
#ifdef NDEBUG
#define SB_DEBUG_ASSERT(condition) static_cast<void>(0)
#else
#define SB_DEBUG_ASSERT(condition) SB_ASSERT(condition)
#endif
