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

/// The same where it costs too much for a release: in debug and sanitizer builds alone.
#ifdef NDEBUG
#define SB_DEBUG_ASSERT(condition) static_cast<void>(0)
#else
#define SB_DEBUG_ASSERT(condition) SB_ASSERT(condition)
#endif
