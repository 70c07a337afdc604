#pragma once
#include <string>
#include <string_view>

namespace signalbox::cluster {

/// Carries small messages between nodes, each named by the tag of its process.
///
/// thread  its owner's.
class Bus {
 public:
  /// To the node of that tag. It may be lost. Nothing is called back from inside.
  virtual void send(std::string_view tag, std::string message) = 0;

 protected:
  ~Bus() = default;
};

}  // namespace signalbox::cluster
