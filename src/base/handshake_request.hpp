#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/shared_text.hpp"

namespace signalbox {

/// The part of the request that opened a session which is kept while its client is there. A handshake is read from it
/// when the application asks, which is seldom: until then it lies packed, in one piece of memory.
class HandshakeRequest {
 public:
  /// `packed_head`: see base/head_packing. `issued_ms`: Unix time.
  HandshakeRequest(std::string_view packed_head, std::string_view remote_address, std::int64_t issued_ms);

  /// Lines that end in \n: the target, then "name:value" for each field.
  std::string head() const;
  std::string remote_address() const;
  std::int64_t issued_ms() const;
  /// That it takes of memory.
  std::size_t bytes() const { return packed_.view().size(); }

 private:
  SharedText packed_;  ///< issued_ms, the address, \n, and the head
};

}  // namespace signalbox
