#pragma once
#include <sys/types.h>

#include <cstdint>

namespace load {

/// Seconds of CPU that a process has used; 0 for pid 0. Throws if there is no such process. In nanoseconds, where
/// /proc has hundredths. source  clock_getcpuclockid(3).
double cpu_seconds(pid_t pid);
/// Bytes resident in memory. source  proc(5), status.
std::uint64_t resident_bytes(pid_t pid);
/// Of the kernel's own objects, sockets among them, of the whole machine. source  proc(5), meminfo.
std::uint64_t kernel_bytes();

}  // namespace load
