#include "tls_session.hpp"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <ctime>

namespace app {
namespace {

std::string last_tls_error() {
  const unsigned long code = ERR_get_error();
  const char* reason = code != 0 ? ERR_reason_error_string(code) : nullptr;
  if (reason) return reason;
  return errno != 0 ? std::strerror(errno) : "the connection ended";
}

bool is_for(X509& certificate, const std::string& host) {
  return X509_check_host(&certificate, host.c_str(), host.size(), 0, nullptr) == 1 ||
         X509_check_ip_asc(&certificate, host.c_str(), 0) == 1;
}

std::int64_t unix_seconds(const ASN1_TIME* time) {
  std::tm parts{};
  return ASN1_TIME_to_tm(time, &parts) == 1 ? ::timegm(&parts) : 0;
}

bool is_address(const std::string& host) {
  in6_addr bytes{};
  return inet_pton(AF_INET, host.c_str(), &bytes) == 1 || inet_pton(AF_INET6, host.c_str(), &bytes) == 1;
}

/// A program that brings its OpenSSL along looks where Debian has them, and other systems have them elsewhere.
bool add_authorities(SSL_CTX* context) {
  if (SSL_CTX_set_default_verify_paths(context) != 1) return false;
  if (std::getenv(X509_get_default_cert_file_env())) return true;
  for (const char* file : {"/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"})
    if (::access(file, R_OK) == 0) return SSL_CTX_load_verify_locations(context, file, nullptr) == 1;
  return true;
}

/// With the system's authorities, against which every chain is checked, whatever follows of it. Read once: they are
/// many.
SSL_CTX* context() {
  static const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> made(SSL_CTX_new(TLS_client_method()), SSL_CTX_free);
  static const bool has_authorities = made && add_authorities(made.get());
  if (!has_authorities) throw HttpError("TLS cannot be set up: " + last_tls_error());
  return made.get();
}

}  // namespace

TlsSession::TlsSession(int fd, const std::string& host) : host_(host), session_(SSL_new(context())) {
  if (!session_ || SSL_set_fd(session_.get(), fd) != 1) throw HttpError("TLS cannot be set up: " + last_tls_error());
  SSL_set_verify(session_.get(), SSL_VERIFY_NONE, nullptr);
  SSL_set_options(session_.get(), SSL_OP_IGNORE_UNEXPECTED_EOF);  // who counts bytes sees what is missing
  if (!is_address(host_))                                         // RFC 6066 §3: names alone
    SSL_ctrl(session_.get(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, host_.data());
}

TlsSession::Done TlsSession::done(int result, std::size_t bytes) const {
  if (result == 1) return {.bytes = bytes};
  switch (SSL_get_error(session_.get(), result)) {
    case SSL_ERROR_WANT_READ:
      return {.wants = Wants::to_read};
    case SSL_ERROR_WANT_WRITE:
      return {.wants = Wants::to_write};
    case SSL_ERROR_ZERO_RETURN:
      return {};
    default:
      throw HttpError("TLS with " + host_ + " failed: " + last_tls_error());
  }
}

TlsSession::Done TlsSession::handshake() {
  ERR_clear_error();
  errno = 0;
  return done(SSL_connect(session_.get()), 1);
}

TlsSession::Done TlsSession::send(std::string_view text) {
  ERR_clear_error();
  errno = 0;
  std::size_t sent = 0;
  const int result = SSL_write_ex(session_.get(), text.data(), text.size(), &sent);
  return done(result, sent);
}

TlsSession::Done TlsSession::receive(char* buffer, std::size_t size) {
  ERR_clear_error();
  errno = 0;
  std::size_t received = 0;
  const int result = SSL_read_ex(session_.get(), buffer, size, &received);
  return done(result, received);
}

std::optional<Certificate> TlsSession::certificate() const {
  const std::unique_ptr<X509, decltype(&X509_free)> shown(SSL_get1_peer_certificate(session_.get()), X509_free);
  if (!shown) return std::nullopt;
  const long verified = SSL_get_verify_result(session_.get());
  return Certificate{.problem = verified == X509_V_OK ? "" : X509_verify_cert_error_string(verified),
                     .of_host = is_for(*shown, host_),
                     .begins_at = unix_seconds(X509_get0_notBefore(shown.get())),
                     .expires_at = unix_seconds(X509_get0_notAfter(shown.get()))};
}

void TlsSession::Free::operator()(SSL* session) const {
  SSL_free(session);
}

}  // namespace app
