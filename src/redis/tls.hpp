#pragma once
#include <memory>
#include <optional>
#include <string>

#include "reactor/stream.hpp"

namespace signalbox::redis {

/// TLS towards a server, from 1.2 on. Its certificate is checked against the system's authorities (or those of
/// SSL_CERT_FILE and SSL_CERT_DIR) and the name or address by which we call it.
///
/// thread  its stream's.
class TlsFilter : public reactor::StreamFilter {
 public:
  /// Throws std::runtime_error with a sentence.
  static std::unique_ptr<TlsFilter> create(const std::string& host);
  /// Is the handshake done?
  virtual bool agreed() const = 0;
  /// Why read() or write() failed with -EPROTO, and the remedy.
  virtual const std::string& failure() const = 0;
};

}  // namespace signalbox::redis
