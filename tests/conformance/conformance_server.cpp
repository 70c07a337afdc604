// The server that the public protocol suites test, without authentication: conformance_server --suite NAME, with PORT
// and THREADS from the environment.
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <string_view>

#include "suites.hpp"

namespace {

struct Suite {
  std::string_view name;
  const char* port;
  void (*serve)(std::uint16_t port, unsigned threads);
};
constexpr Suite kSuites[] = {
    {"engineio", "3000", signalbox::conformance::serve_engineio},
    {"socketio", "3000", signalbox::conformance::serve_socketio},
    {"client", "3210", signalbox::conformance::serve_client},
};

unsigned long number(const char* name, const char* otherwise) {
  const char* value = std::getenv(name);
  return std::stoul(value ? value : otherwise);
}

}  // namespace

std::string signalbox::conformance::redis_url() {
  const char* value = std::getenv("REDIS_URL");
  return value ? value : "";
}

int main(int argc, char** argv) try {
  const std::string_view wanted = argc == 3 && std::string_view(argv[1]) == "--suite" ? argv[2] : "";
  for (const Suite& suite : kSuites) {
    if (suite.name != wanted) continue;
    suite.serve(static_cast<std::uint16_t>(number("PORT", suite.port)), static_cast<unsigned>(number("THREADS", "2")));
    return 0;
  }
  std::fputs("usage: conformance_server --suite engineio|socketio|client\n", stderr);
  return 2;
} catch (const std::exception& error) {
  std::fprintf(stderr, "conformance_server: %s\n", error.what());
  return 1;
}
