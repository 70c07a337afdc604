#include "base/handshake_request.hpp"

#include <cstring>

#include "base/head_packing.hpp"

namespace signalbox {
namespace {

/// Behind the time.
std::string_view texts(const SharedText& packed) {
  return packed.view().substr(sizeof(std::int64_t));
}

}  // namespace

HandshakeRequest::HandshakeRequest(std::string_view packed_head, std::string_view remote_address,
                                   std::int64_t issued_ms)
    : packed_({{reinterpret_cast<const char*>(&issued_ms), sizeof issued_ms}, remote_address, "\n", packed_head}) {}

std::string HandshakeRequest::head() const {
  const std::string_view both = texts(packed_);
  return unpack_head(both.substr(both.find('\n') + 1));
}

std::string HandshakeRequest::remote_address() const {
  const std::string_view both = texts(packed_);
  return std::string(both.substr(0, both.find('\n')));
}

std::int64_t HandshakeRequest::issued_ms() const {
  std::int64_t out = 0;
  std::memcpy(&out, packed_.view().data(), sizeof out);
  return out;
}

}  // namespace signalbox
