#pragma once
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "connection.hpp"

struct ssl_st;  // OpenSSL's

namespace app {

/// TLS over a socket that does not block. What a call cannot do yet, it says in `wants`; it is then called again.
class TlsSession {
 public:
  enum class Wants : unsigned char { nothing, to_read, to_write };
  struct Done {
    Wants wants = Wants::nothing;
    std::size_t bytes = 0;  ///< 0 with nothing wanted: the end
  };

  TlsSession(int fd, const std::string& host);

  /// These throw HttpError when TLS fails.
  Done handshake();
  Done send(std::string_view text);
  Done receive(char* buffer, std::size_t size);

  std::optional<Certificate> certificate() const;

 private:
  Done done(int result, std::size_t bytes) const;

  struct Free {
    void operator()(ssl_st* session) const;
  };
  std::string host_;
  std::unique_ptr<ssl_st, Free> session_;
};

}  // namespace app
