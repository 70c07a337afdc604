#include "process.hpp"

#include <fcntl.h>
#include <signal.h>

#include <cerrno>
#include <system_error>

namespace app {

void open_standard_descriptors() {
  for (int fd = 0; fd <= 2; ++fd) {
    if (::fcntl(fd, F_GETFD) >= 0) continue;
    // The lowest that is free, which is this one.
    if (::open("/dev/null", O_RDWR) < 0) throw std::system_error(errno, std::generic_category(), "/dev/null");
  }
}

void ignore_signals_of_writes() {
  for (const int signal : {SIGPIPE, SIGXFSZ}) ::signal(signal, SIG_IGN);
}

}  // namespace app
