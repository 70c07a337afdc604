#include "redis/tls.hpp"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <stdexcept>
#include <utility>

#include "reactor/peer_address.hpp"

namespace signalbox::redis {
namespace {

using reactor::Kernel;
using reactor::Wire;

struct Free {
  void operator()(SSL_CTX* context) const noexcept { SSL_CTX_free(context); }
  void operator()(SSL* ssl) const noexcept { SSL_free(ssl); }
};
constexpr std::size_t kMaxHeld = 64 * 1024;  ///< encrypted bytes that wait for the kernel

/// OpenSSL's last error; the thread's list of them is empty then.
std::string openssl_error() {
  std::array<char, 256> text{};
  const unsigned long code = ERR_peek_last_error();
  if (code != 0) ERR_error_string_n(code, text.data(), text.size());
  ERR_clear_error();
  return text.data();
}

bool is_address(const std::string& host) {
  return reactor::peer_address(host) != reactor::PeerAddress{} || host == "::" || host == "0.0.0.0";
}

/// OpenSSL looks where it was built to look; the addon's was built for Debian, and runs elsewhere too.
void load_authorities(SSL_CTX* context) {
  SSL_CTX_set_default_verify_paths(context);
  if (getenv(X509_get_default_cert_file_env()) || access(X509_get_default_cert_file(), R_OK) == 0) return;
  for (const char* bundle :
       {"/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"}) {
    if (access(bundle, R_OK) == 0 && SSL_CTX_load_verify_locations(context, bundle, nullptr) == 1) break;
  }
  ERR_clear_error();
}

class OpenSslFilter final : public TlsFilter {
 public:
  explicit OpenSslFilter(std::string host);
  long read(Kernel& kernel, Wire& wire, std::span<char> out) override;
  long write(Kernel& kernel, Wire& wire, std::string_view bytes) override;
  bool holds_input() const override { return SSL_pending(ssl_.get()) > 0 || BIO_pending(in_) > 0; }
  bool holds_output() const override { return BIO_pending(out_) > 0; }
  bool agreed() const override { return SSL_is_init_finished(ssl_.get()) == 1; }
  const std::string& failure() const override { return failure_; }

 private:
  long push(Kernel& kernel, Wire& wire);
  long fail(int error);
  std::string reason() const;

  const std::string host_;
  std::unique_ptr<SSL_CTX, Free> context_{SSL_CTX_new(TLS_client_method())};
  std::unique_ptr<SSL, Free> ssl_;
  BIO* in_ = nullptr;   ///< from the wire; both are ssl_'s
  BIO* out_ = nullptr;  ///< for the wire
  std::string failure_;
};

OpenSslFilter::OpenSslFilter(std::string host) : host_(std::move(host)) {
  if (!context_) throw std::runtime_error("TLS cannot be had: " + openssl_error());
  SSL_CTX_set_min_proto_version(context_.get(), TLS1_2_VERSION);
  SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER, nullptr);
  load_authorities(context_.get());
  ssl_.reset(SSL_new(context_.get()));
  in_ = BIO_new(BIO_s_mem());
  out_ = BIO_new(BIO_s_mem());
  if (!ssl_ || !in_ || !out_) throw std::runtime_error("TLS cannot be had: " + openssl_error());
  SSL_set_bio(ssl_.get(), in_, out_);
  SSL_set_connect_state(ssl_.get());
  SSL_set_mode(ssl_.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  const bool named = is_address(host_) ? X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl_.get()), host_.c_str()) == 1
                                       : SSL_set1_host(ssl_.get(), host_.c_str()) == 1 &&
                                             SSL_set_tlsext_host_name(ssl_.get(), host_.c_str()) == 1;
  if (!named) throw std::runtime_error("TLS cannot check a certificate for '" + host_ + "': " + openssl_error());
}

long OpenSslFilter::read(Kernel& kernel, Wire& wire, std::span<char> out) {
  for (;;) {
    const int got = SSL_read(ssl_.get(), out.data(), static_cast<int>(out.size()));
    if (got > 0) return got;
    const int error = SSL_get_error(ssl_.get(), got);
    // Also what the handshake has to say, and the alert that says what is wrong with their certificate.
    const long pushed = push(kernel, wire);
    if (error == SSL_ERROR_ZERO_RETURN) return 0;
    if (error != SSL_ERROR_WANT_READ) return fail(error);
    if (pushed < 0 && pushed != -EAGAIN) return pushed;
    std::array<char, 16 * 1024> bytes;
    const long read = wire.read(kernel, bytes);
    if (read <= 0) return read;
    BIO_write(in_, bytes.data(), static_cast<int>(read));
  }
}

long OpenSslFilter::write(Kernel& kernel, Wire& wire, std::string_view bytes) {
  long taken = -EAGAIN;
  if (!bytes.empty() && BIO_pending(out_) < static_cast<int>(kMaxHeld)) {
    const int wrote = SSL_write(ssl_.get(), bytes.data(), static_cast<int>(std::min(bytes.size(), kMaxHeld)));
    const int error = SSL_get_error(ssl_.get(), wrote);
    if (wrote > 0) {
      taken = wrote;
    } else if (error != SSL_ERROR_WANT_READ) {
      return fail(error);
    }
  }
  const long pushed = push(kernel, wire);
  return pushed < 0 && pushed != -EAGAIN ? pushed : taken;
}

/// Gives the kernel what it takes.
long OpenSslFilter::push(Kernel& kernel, Wire& wire) {
  char* data = nullptr;
  while (const long size = BIO_get_mem_data(out_, &data)) {
    const long taken = wire.write(kernel, {data, static_cast<std::size_t>(size)});
    if (taken < 0) return taken;
    std::array<char, 4096> taken_bytes;
    for (long left = taken; left > 0;)
      left -= BIO_read(out_, taken_bytes.data(), static_cast<int>(std::min<long>(left, taken_bytes.size())));
  }
  return 0;
}

long OpenSslFilter::fail(int error) {
  if (failure_.empty()) failure_ = error == SSL_ERROR_SSL ? reason() : "the TLS connection broke off";
  ERR_clear_error();
  return -EPROTO;
}

std::string OpenSslFilter::reason() const {
  const long verified = SSL_get_verify_result(ssl_.get());
  if (verified != X509_V_OK) {
    const char* remedy = verified == X509_V_ERR_HOSTNAME_MISMATCH || verified == X509_V_ERR_IP_ADDRESS_MISMATCH
                             ? "call it by a name or an address that stands in the certificate"
                             : "SSL_CERT_FILE may name the file of the authority that signed it";
    return fmt::format("the certificate of {} is not accepted ({}): {}", host_, X509_verify_cert_error_string(verified),
                       remedy);
  }
  const int reason = ERR_GET_REASON(ERR_peek_last_error());
  if (reason == SSL_R_WRONG_VERSION_NUMBER)
    return "this port does not speak TLS: write redis:// instead of rediss:// into REDIS_URL";
  if (reason == SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED)
    return "this Redis wants a certificate from its clients, which is not supported: set tls-auth-clients no there";
  return "TLS failed: " + openssl_error();
}

}  // namespace

std::unique_ptr<TlsFilter> TlsFilter::create(const std::string& host) {
  return std::make_unique<OpenSslFilter>(host);
}

}  // namespace signalbox::redis
