#pragma once
#include "doctor/finding.hpp"
#include "doctor/observations.hpp"

namespace app::doctor {

/// What hurts of what was seen, and what helps. Asks nobody, and no clock.
Findings judge(const Observations& seen);

/// Why a token may not be shown to this server, so that nobody else reads it; empty: it may.
std::string why_withheld(const Observations& seen);

/// 1: something hurts; 2: nothing could be looked at.
int exit_code(const Findings& findings);

}  // namespace app::doctor
