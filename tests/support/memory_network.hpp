#pragma once
#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "reactor/kernel.hpp"

// A network in memory: its peers send, read, break off and time passes only when a test or a fuzzer says so.
namespace signalbox::net::test {

using reactor::Kernel;
using reactor::KernelEvent;
using reactor::PeerAddress;

/// What several shards' kernels stand on. Any use of a descriptor that is closed, or not watched where it is, aborts.
struct MemoryNetwork {
  struct Socket {
    std::string in;                  ///< sent by the peer, not yet read by the server
    std::string out;                 ///< written by the server
    std::size_t room = SIZE_MAX;     ///< bytes that the server may still write before it is pushed back
    std::size_t unacknowledged = 0;  ///< as the server would hear from the kernel
    bool ended = false;              ///< the peer will send no more
    bool broken = false;             ///< reset by the peer
    bool writing_shut = false;
    PeerAddress peer{};
    bool connecting = false;  ///< on its way to a peer that does not answer
    int connect_error = 0;    ///< what became of its way there
  };
  static constexpr int kFirst = 1'000'000;  ///< no real descriptor is of that number

  Socket& at(int fd) {
    const auto found = sockets.find(fd);
    if (found == sockets.end()) std::abort();
    return found->second;
  }

  /// A call that may fail, on whatever kernel.
  enum class Call : std::uint8_t { accept, watch, read, write };
  /// Asked at each of them, with the descriptor; then the call does nothing and fails.
  std::function<bool(Call, int)> fails;
  bool failing(Call call, int fd) const { return fails && fails(call, fd); }

  enum class Listener : std::uint8_t { answers, hangs, unreachable };
  std::map<std::string, Listener> listeners;  ///< whom a server can connect to, by Destination's text; else refused

  TimePoint now{std::chrono::hours(1)};
  std::map<int, Socket> sockets;
  std::map<int, TimePoint> closed_at;
  std::map<int, std::string> last_words;  ///< what was written to those that are closed, and not taken before
  int next = kFirst;
};

class MemoryKernel final : public Kernel {
 public:
  explicit MemoryKernel(MemoryNetwork& network) : network_(network) {}

  /// A peer that connects, to that listener; the descriptor that the server will have for it.
  int connect(const PeerAddress& peer, int listener = 1) {
    const int fd = network_.next++;
    network_.sockets[fd].peer = peer;
    waiting_[listener].push_back(fd);
    return fd;
  }
  int accept_error = 0;  ///< the next accept() fails with it
  bool watches = true;   ///< else it has no room to watch one more
  std::atomic<unsigned> wakes{0};
  Milliseconds waited{};  ///< what the last wait() might have taken

  TimePoint now() override { return network_.now; }
  std::size_t wait(std::span<KernelEvent> events, Milliseconds timeout) override {
    waited = timeout;
    std::size_t count = 0;
    for (const auto& [fd, watch] : watched_) {
      if (count == events.size()) break;
      const KernelEvent event = ready(fd, watch);
      if (event.readable || event.writable || event.broken) events[count++] = event;
    }
    return count;
  }
  void wake() override { ++wakes; }
  bool watch(int fd, std::uint64_t token, unsigned interest) override {
    if (!watches || network_.failing(MemoryNetwork::Call::watch, fd)) return false;
    if (!watched_.emplace(fd, Watch{token, interest}).second) std::abort();
    return true;
  }
  void change(int fd, std::uint64_t token, unsigned interest) override {
    if (!watched_.contains(fd)) std::abort();
    watched_[fd] = {token, interest};
  }
  void unwatch(int fd) override {
    if (watched_.erase(fd) != 1) std::abort();
  }
  int accept(int listener, PeerAddress& peer) override {
    if (const int error = std::exchange(accept_error, 0)) return -error;
    std::deque<int>& waiting = waiting_[listener];
    if (waiting.empty()) return -EAGAIN;
    if (network_.failing(MemoryNetwork::Call::accept, waiting.front())) return -EMFILE;
    const int fd = waiting.front();
    waiting.pop_front();
    peer = network_.at(fd).peer;
    return fd;
  }
  int begin_connect(const reactor::Destination& to) override {
    const auto found = network_.listeners.find(to_text(to));
    const bool listens = found != network_.listeners.end();
    if (listens && found->second == MemoryNetwork::Listener::unreachable) return -ENETUNREACH;
    const int fd = network_.next++;
    auto& socket = network_.sockets[fd];
    socket.peer = to.address;
    socket.connecting = listens && found->second == MemoryNetwork::Listener::hangs;
    socket.connect_error = listens ? 0 : ECONNREFUSED;
    return fd;
  }
  int finish_connect(int fd) override { return -network_.at(fd).connect_error; }
  long read(int fd, char* out, std::size_t capacity) override {
    auto& socket = network_.at(fd);
    if (socket.broken || network_.failing(MemoryNetwork::Call::read, fd)) return -ECONNRESET;
    if (socket.in.empty()) return socket.ended ? 0 : -EAGAIN;
    const std::size_t size = std::min(capacity, socket.in.size());
    std::copy_n(socket.in.data(), size, out);
    socket.in.erase(0, size);
    return static_cast<long>(size);
  }
  long write(int fd, const char* bytes, std::size_t size) override {
    auto& socket = network_.at(fd);
    if (socket.writing_shut) std::abort();
    if (socket.broken || network_.failing(MemoryNetwork::Call::write, fd)) return -EPIPE;
    const std::size_t part = std::min(size, socket.room);
    if (part == 0 && size != 0) return -EAGAIN;
    socket.out.append(bytes, part);
    if (socket.room != SIZE_MAX) socket.room -= part;
    return static_cast<long>(part);
  }
  void shutdown_writing(int fd) override { network_.at(fd).writing_shut = true; }
  void close(int fd) override {
    watched_.erase(fd);
    if (fd < MemoryNetwork::kFirst) return;  // a listener
    network_.closed_at[fd] = network_.now;
    network_.last_words[fd] = std::move(network_.at(fd).out);
    network_.sockets.erase(fd);
  }
  std::size_t unacknowledged(int fd) override { return network_.at(fd).unacknowledged; }
  /// Peers that were never accepted go with their listener.
  void drop_waiting() {
    for (const auto& [listener, fds] : waiting_)
      for (const int fd : fds) network_.sockets.erase(fd);
    waiting_.clear();
  }

 private:
  struct Watch {
    std::uint64_t token = 0;
    unsigned interest = 0;
  };

  KernelEvent ready(int fd, const Watch& watch) {
    KernelEvent event{.token = watch.token};
    if (fd < MemoryNetwork::kFirst) {
      event.readable = !waiting_[fd].empty() || accept_error != 0;
      return event;
    }
    const auto& socket = network_.at(fd);
    if (socket.connecting) return event;
    event.broken = socket.broken || socket.connect_error != 0;
    event.readable = (watch.interest & kRead) && (!socket.in.empty() || socket.ended || socket.broken);
    event.writable = (watch.interest & kWrite) && socket.room != 0;
    return event;
  }

  MemoryNetwork& network_;
  std::map<int, Watch> watched_;
  std::map<int, std::deque<int>> waiting_;  ///< by listener
};

}  // namespace signalbox::net::test
