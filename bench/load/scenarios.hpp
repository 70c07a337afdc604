#pragma once
#include <sys/types.h>

#include <map>
#include <string>

#include "swarm.hpp"

namespace load {

struct Settings {
  Target target;
  pid_t pid = 0;  ///< the server's, for its CPU time and memory; 0: not measured
  std::size_t users = 1000;
  std::size_t count = 1'000'000;
  std::size_t at_once = 256;  ///< logins under way
  std::size_t per_turn = 0;   ///< events of a burst before the server writes; 0: as many as it likes
  double rate = 0;            ///< events a second; 0: as fast as it goes
  double seconds = 10;
  std::size_t workers = 64;  ///< that post outcomes, each one request at a time
  std::size_t batch = 1;     ///< outcomes in each request
  std::size_t first = 0;     ///< number of the first outcome
  bool free_form = false;
  bool values = false;  ///< a `json` is made of each event of a burst
  bool kill = false;    ///< the server with SIGKILL, and not with SIGTERM
  std::string api_key;
};

/// Named figures; what each is stands in bench/README.md.
using Figures = std::map<std::string, double>;

// Each verifies what it receives and throws std::runtime_error on loss, a duplicate, a wrong order or a wrong
// recipient.
Figures logins(const Settings& settings);
Figures burst(const Settings& settings);
Figures relay(const Settings& settings);
Figures presence(const Settings& settings);
Figures storm(const Settings& settings);
Figures tide(const Settings& settings);
Figures idle(const Settings& settings);
Figures come_back(const Settings& settings);
Figures churn(const Settings& settings);
Figures http(const Settings& settings);
Figures outcomes(const Settings& settings);
Figures restart(const Settings& settings);

}  // namespace load
