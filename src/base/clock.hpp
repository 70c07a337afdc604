#pragma once
#include <chrono>

namespace signalbox {

/// Time is a parameter everywhere below net: protocol code never asks what time it is.
using Clock = std::chrono::steady_clock;
using TimePoint = Clock::time_point;
using Milliseconds = std::chrono::milliseconds;
inline constexpr TimePoint kNever = TimePoint::max();

}  // namespace signalbox
