#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "base/counted.hpp"
#include "reactor/peer_address.hpp"
#include "reactor/stream.hpp"

namespace signalbox::net {

/// A connection whose first request is of a session on another node.
struct Carried {
  enum class Kind : std::uint8_t { request, upgrade };

  std::string tag;  ///< of that node
  Kind kind;
  reactor::Stream stream;
  Counted place;      ///< among this node's connections, of which it is still one
  std::string bytes;  ///< all that was read of it, the head first
  reactor::PeerAddress peer;
};

/// The nodes beside this one, by the tags that their session ids begin with.
///
/// thread  any.
class OtherNodes {
 public:
  virtual bool knows(std::string_view tag) = 0;
  /// The connection is theirs from now on. A request is the last one of its connection, and says so.
  virtual void carry(Carried carried) = 0;

 protected:
  ~OtherNodes() = default;
};

}  // namespace signalbox::net
