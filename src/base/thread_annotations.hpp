#pragma once
// Clang's thread-safety analysis; nothing for other compilers.
#if defined(__clang__)
#define SB_GUARDED_BY(x) __attribute__((guarded_by(x)))
#define SB_REQUIRES(x) __attribute__((requires_capability(x)))
#else
#define SB_GUARDED_BY(x)
#define SB_REQUIRES(x)
#endif
