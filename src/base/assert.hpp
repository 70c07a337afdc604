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
