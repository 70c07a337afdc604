#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "cluster/cluster.hpp"
#include "hub/by_number.hpp"
#include "hub/client.hpp"
#include "net/application.hpp"
#include "net/network.hpp"

namespace signalbox::server {

class Arrival;

/// Where clients of a shard arrive that may have a socket on another node.
struct Arrivals {
  cluster::Cluster& cluster;
  net::Network& network;
  unsigned shard;
  hub::ByNumber<Arrival> asking{};
};

/// A client that has just come. Its first packet is looked at: if that shows a socket of another node
/// (RECOVERY_WINDOW_MS), and that node has it, that node serves the client from now on. In any other case the client is
/// served here, and what it shows is worth nothing.
///
/// thread  its shard.
class Arrival {
 public:
  Arrival(Arrivals& all, engineio::Session& session, net::SessionControl& control, hub::Client& client)
      : all_(all), session_(session), control_(control), client_(client) {}
  ~Arrival() { forget(); }
  Arrival(const Arrival&) = delete;
  Arrival& operator=(const Arrival&) = delete;

  /// False: the message is for the client, and so is all that follows.
  bool keeps(bool binary, std::string_view message, TimePoint now);
  /// The client has gone.
  void forget();

 private:
  enum class State : std::uint8_t { new_here, held, over };
  struct Held {
    bool binary;
    std::string bytes;
  };

  std::string pid_elsewhere(std::string_view message) const;
  void hold(bool binary, std::string_view message, TimePoint now);
  void ask(std::string pid);
  void on_answer(bool there);
  void on_relay(engineio::SessionHandler& relay);
  std::vector<Held> take_held();
  void serve_here();

  Arrivals& all_;
  engineio::Session& session_;
  net::SessionControl& control_;
  hub::Client& client_;
  State state_ = State::new_here;
  std::uint64_t number_ = 0;  ///< while it asks
  std::string node_;          ///< the one that is asked
  std::vector<Held> held_;    ///< what has come meanwhile
  std::size_t held_bytes_ = 0;
};

}  // namespace signalbox::server
