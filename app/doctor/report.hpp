#pragma once
#include <string>

#include "doctor/finding.hpp"

namespace app::doctor {

/// A line a finding, for people: what hurts stands with what helps.
std::string report_text(const std::string& url, const Findings& findings);
/// {"address":…,"well":…,"findings":[{"check","state","what","remedy"}]}
std::string report_json(const std::string& url, const Findings& findings);

}  // namespace app::doctor
