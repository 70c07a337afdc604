#pragma once
#include <string>
#include <vector>

namespace app::doctor {

enum class State : unsigned char { well, hurts, unseen };

/// One thing that the doctor looked at: a sentence, and what helps where it hurts.
struct Finding {
  std::string check = {};  ///< its name, the same in each version: "upgrade"
  State state = State::well;
  std::string what = {};
  std::string remedy = {};
};

using Findings = std::vector<Finding>;

}  // namespace app::doctor
