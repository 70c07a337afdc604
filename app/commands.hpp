#pragma once
#include <signalbox/config.hpp>

#include <cstdint>
#include <string>

// The commands of the program. Each returns its exit code; std::exception's what() is what the user reads otherwise.
namespace app {

/// Serves until a signal comes.
int run_serve(const signalbox::Config& config);

struct InitRequest {
  std::string file = ".env";
};
/// Writes a new file of settings with fresh secrets; "-": prints it.
int run_init(const InitRequest& init);

struct TokenRequest {
  std::string user, email;
  std::int64_t ttl_s = 3600;
  std::string explain;  ///< a token, in the place of a new one; "-": from the standard input
};
/// Prints a token that JWT_SECRET signs; or what a login would say of one.
int run_token(const signalbox::Config& config, const TokenRequest& request);

struct EmitRequest {
  std::string user, event, data;
};
/// Sends one event through the HTTP interface of the running server and prints its answer.
int run_emit(const signalbox::Config& config, const EmitRequest& request);

struct OnlineRequest {
  bool nodes = false;
};
/// Prints the ids of all who are online, one a line; or the nodes that live, each with its version and since when.
int run_online(const signalbox::Config& config, const OnlineRequest& online);

/// Asks the running server whether it answers; what a container's runtime calls.
int run_healthcheck(const signalbox::Config& config);

struct DoctorRequest {
  std::string url, token, origin;
  bool quick = false, json = false;
};
/// Looks at a server from outside and prints what hurts. 0: nothing does, 1: something does, 2: it could not look.
int run_doctor(const signalbox::Config& config, const DoctorRequest& request);

}  // namespace app
