#pragma once
#include <signalbox/config.hpp>

namespace app {

struct DemoRequest {
  bool expose = false;  ///< listen where HOST says, also beyond this machine
};
/// `signalbox demo`: a random secret, the page at "/" and a pretend image generator on threads of its own. Blocks until
/// it is stopped by a signal; returns the exit code. Throws ConfigError, StartError.
int run_demo(signalbox::Config config, const DemoRequest& request);

}  // namespace app
