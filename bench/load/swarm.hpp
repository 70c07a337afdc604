#pragma once
#include <netinet/in.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace load {

using Clock = std::chrono::steady_clock;

/// Where the server is, and how its tokens are signed.
struct Target {
  std::string host = "127.0.0.1";  ///< an IPv4 address
  std::uint16_t port = 3000;
  std::string path = "/socket.io/";
  std::string secret;
  bool sleeps = false;  ///< the load does, while it waits for the server
};

/// Throws if its host is no address.
sockaddr_in address_of(const Target& target);

/// One Socket.IO client over WebSocket. Small: an idle one holds no buffer.
struct Client {
  enum class State : std::uint8_t { closed, upgrading, joining, ready };
  int fd = -1;
  State state = State::closed;
  bool wants_write = false;
  std::uint32_t index = 0;
  std::uint64_t received = 0;  ///< events, as the scenario counts them
  std::uint64_t next = 0;      ///< what the scenario expects next
  Clock::time_point begun{};   ///< when it last began to connect
  std::string in, out;         ///< an unfinished frame; what the kernel did not take yet
  std::string user;
  std::string login;  ///< a frame, signed and masked beforehand: that is not what is measured
};

/// Many clients on one epoll loop. Every failure that a scenario does not ask for is an exception.
class Swarm {
 public:
  /// An event such as `["job_progress",{…}]`; the text without its "42".
  using OnEvent = std::function<void(Client&, std::string_view event)>;
  using OnReady = std::function<void(Client&)>;
  using OnLost = std::function<void(Client&)>;

  explicit Swarm(Target target);
  ~Swarm();
  Swarm(const Swarm&) = delete;
  Swarm& operator=(const Swarm&) = delete;

  void on_event(OnEvent handler) { on_event_ = std::move(handler); }
  void on_ready(OnReady handler) { on_ready_ = std::move(handler); }
  /// A connection that breaks, or is refused, is closed and told of from now on, and is no failure any more.
  void on_lost(OnLost handler) { on_lost_ = std::move(handler); }

  /// A new client, not yet connected.
  Client& add(std::string user);
  void connect(Client& client);
  /// Closes it; `reset` as a cut line does, with RST.
  void close(Client& client, bool reset = false);
  /// Sends a Socket.IO packet such as `2["hi"]`.
  void emit(Client& client, std::string_view packet);

  /// The same in two steps: what is queued is sent with one write.
  void queue(Client& client, std::string_view packet);
  void flush(Client& client);

  /// Handles what is there, waiting at most `timeout`.
  void turn(std::chrono::milliseconds timeout);
  /// Turns until `done()`, without ever sleeping unless it is to: a sleeper's wake-up would be paid by the server, on
  /// this machine alone. Throws after `limit`, naming `what`.
  void run_until(const std::function<bool()>& done, std::string_view what,
                 std::chrono::seconds limit = std::chrono::seconds(120));
  /// Connects these and waits until all are authenticated, `window` of them under way at a time.
  void connect_all(std::size_t first, std::size_t count, std::size_t window = 256);

  Client& operator[](std::size_t index) { return *clients_[index]; }
  std::size_t size() const { return clients_.size(); }
  std::size_t ready() const { return ready_; }
  /// How long it has had nothing to do.
  Clock::duration idle() const { return idle_; }

 private:
  void lost(Client& client, const std::string& why);
  void on_writable(Client& client);
  void on_readable(Client& client);
  std::size_t take_frame(Client& client, std::string_view bytes);
  void on_text(Client& client, std::string_view text);
  void on_packet(Client& client, std::string_view packet);
  void send_frame(Client& client, std::string_view text);
  static void append_frame(std::string& out, std::string_view text);
  void write(Client& client, std::string_view bytes);
  void watch(Client& client, bool write);
  std::string token_for(const std::string& user) const;

  const Target target_;
  const sockaddr_in server_;
  const std::string request_;  ///< for the upgrade
  int epoll_;
  OnEvent on_event_;
  OnReady on_ready_;
  OnLost on_lost_;
  std::vector<std::unique_ptr<Client>> clients_;
  std::unique_ptr<char[]> scratch_;
  std::size_t ready_ = 0;
  Clock::duration idle_{};
};

}  // namespace load
