#pragma once
#include <netdb.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace app {

/// Where a server is asked.
struct Place {
  std::string host = {};  ///< a name or an address
  std::uint16_t port = 3000;
  bool tls = false;
  bool trusted_alone = false;  ///< a certificate that browsers would not trust ends the connection
};

/// "host:port", an IPv6 address in brackets.
std::string text_of(const Place& place);
/// The same as browsers write it in the field Host: without a port that the scheme has anyway.
std::string host_field(const Place& place);

/// The server could not be reached, or did not answer as it should. what() is a sentence for people.
struct HttpError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Nothing came within the time.
struct TimedOut : HttpError {
  using HttpError::HttpError;
};

/// What a server with TLS showed of itself. A wrong one ends no connection but where Place wants that.
struct Certificate {
  std::string problem = {};     ///< why its chain is not trusted, in OpenSSL's words; empty: it is
  bool of_host = false;         ///< it is for the host that was asked
  std::int64_t begins_at = 0;   ///< Unix seconds
  std::int64_t expires_at = 0;  ///< Unix seconds

  bool trusted() const { return problem.empty() && of_host; }
};

class TlsSession;

/// A TCP connection, with TLS where the place has it, and one deadline for what is asked of it. Closes when it goes.
///
/// Blocks; throws HttpError. thread  one.
class Connection {
 public:
  Connection(const Place& place, std::chrono::milliseconds timeout);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// From now on.
  void set_timeout(std::chrono::milliseconds timeout);
  void send(std::string_view text);
  /// Appends what has come; false at the end.
  bool receive(std::string& out);

  /// The address that was reached, without its port.
  std::string peer() const;
  /// Nothing without TLS.
  std::optional<Certificate> certificate() const;

 private:
  using Clock = std::chrono::steady_clock;

  void connect(const Place& place);
  int connect_to(const addrinfo& address);
  void secure(const Place& place);
  void close();
  TimedOut too_late() const;
  void wait_or_throw(short events);
  void wait(short events);

  std::string where_;
  Clock::time_point deadline_;
  int fd_ = -1;
  std::unique_ptr<TlsSession> tls_;
};

}  // namespace app
