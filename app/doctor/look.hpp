#pragma once
#include <functional>
#include <string>

#include "doctor/observations.hpp"
#include "doctor/talk.hpp"

namespace app::doctor {

struct Visit {
  std::string url = {};  ///< "https://app.example.com"
  Address address = {};
  std::string token = {};
  std::string origin = {};  ///< of the pages
  bool quick = false;
  std::function<void(Milliseconds)> on_wait = [](Milliseconds) {};  ///< it takes so long now
};

/// Looks at a server as browsers do. If nobody answers, that is what it has seen.
Observations look(Visit visit);

}  // namespace app::doctor
