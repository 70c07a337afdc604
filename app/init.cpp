#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <iostream>
#include <system_error>

#include "commands.hpp"
#include "secret.hpp"

namespace app {
namespace {

std::string settings_text() {
  return "# Settings of Signalbox, one NAME=value a line. `signalbox --help` says which there are.\n"
         "\n"
         "# Your login signs its tokens with it (HS256). Whoever has it can be any user.\n"
         "JWT_SECRET=" +
         random_secret() +
         "\n"
         "# Your workers send it as a bearer token to /api. Whoever has it can emit to every user.\n"
         "API_KEY=" +
         random_secret() +
         "\n"
         "\n"
         "# Where your pages come from; without it only pages of the server's own host and port may connect.\n"
         "#CORS_ORIGIN=https://app.example.com\n"
         "# Behind a proxy on the same machine, so that nobody else can connect:\n"
         "#HOST=localhost\n"
         "#PORT=3000\n"
         "\n"
         "# The admin page, at http://localhost:3090. Whoever has its key sees what users are sent:\n"
         "#ADMIN_KEY=" +
         random_secret() +
         "\n"
         "# What is counted, for Prometheus, at a port without a key:\n"
         "#METRICS_PORT=9464\n";
}

constexpr const char* kNext =
    "What is next:\n"
    "  1. Set CORS_ORIGIN in it to the address that your pages come from.\n"
    "  2. Start the server in its folder: signalbox (it reads the file .env there)\n"
    "  3. Get a token of a user for a page: signalbox token --user 42\n"
    "     and send that user an event: signalbox emit --user 42 job_progress '{\"jobId\":\"7\",\"progress\":50}'\n"
    "  4. Have your login sign its tokens with JWT_SECRET, and give your workers the API_KEY.\n";

[[noreturn]] void fail(const std::string& file, int error) {
  if (error == EEXIST)
    throw std::runtime_error("the file " + file + " is there already, and init replaces none: its secrets may be in " +
                             "use; move it away first, or name another one with --file");
  throw std::system_error(error, std::generic_category(), "the file " + file + " cannot be written");
}

/// A file that is new, and that nobody else can read.
void write_new(const std::string& file, const std::string& text) {
  constexpr mode_t kOwnerAlone = 0600;
  const int fd = ::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, kOwnerAlone);
  if (fd < 0) fail(file, errno);
  const ssize_t written = ::write(fd, text.data(), text.size());
  const int error = written < 0 ? errno : ENOSPC;
  const bool whole = ::close(fd) == 0 && written == static_cast<ssize_t>(text.size());
  if (whole) return;
  ::unlink(file.c_str());
  fail(file, error);
}

}  // namespace

int run_init(const InitRequest& init) {
  if (init.file == "-") {
    std::cout << settings_text();
    return 0;
  }
  write_new(init.file, settings_text());
  std::cout << "Wrote " << init.file << " with a fresh JWT_SECRET and API_KEY: keep it out of version control.\n"
            << kNext;
  return 0;
}

}  // namespace app
