#pragma once
#include <signalbox/config.hpp>

namespace app {

/// `signalbox demo`: a random secret, the page at "/" and a pretend image generator on threads of its own. Blocks until
/// it is stopped by a signal; returns the exit code. Throws ConfigError, StartError.
int run_demo(signalbox::Config config);

}  // namespace app
