#pragma once
#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/frame.hpp"

namespace signalbox::cluster {

// What nodes of ours publish to each other: several parts in one message. Pure; any thread. The numbers are of LEB128,
// texts have their size before them.

/// An event that the sending node was given, for a user's sockets on the receiving one. The packet's own bytes travel.
struct RelayedEvent {
  std::string_view user;  ///< empty: for everybody
  FrameKind kind = FrameKind::event;
  std::string_view packet{};  ///< 42["event",…]
  std::string_view job_id{};  ///< its name, and whether and what a queue says of it: Frame::name()
  std::string_view home{};    ///< of an outcome: the store in which it lies; empty: in none
  std::uint64_t row = 0;      ///< there
};

/// A user has received this outcome of the receiving node's store.
struct RelayedReceipt {
  std::string_view user;
  std::uint64_t row = 0;
  std::int64_t at = 0;  ///< WallMs
};

/// That receipt is on the disk of the sending node, whose store has the outcome.
struct RelayedThanks {
  std::string_view home;
  std::uint64_t row = 0;
};

/// A newer outcome of its job has taken the place of this one of the receiving node's store, and is safe.
struct RelayedReplacement {
  std::string_view user;
  std::uint64_t row = 0;
};

/// A piece of a connection that another node carries.
struct RelayedTunnel {
  std::string_view message;
};

/// Has the receiving node the socket that a client shows by this pid?
struct SocketQuestion {
  std::uint64_t number = 0;
  std::string_view pid{};
};
struct SocketAnswer {
  std::uint64_t number = 0;
  bool here = false;
};

using NodePart = std::variant<RelayedEvent, RelayedReceipt, RelayedTunnel, SocketQuestion, SocketAnswer,
                              RelayedReplacement, RelayedThanks>;

/// What one message has, and who sends it. The parts are slices of its bytes.
struct NodeMessage {
  std::string_view sender;
  std::vector<NodePart> parts;
};

/// Gathers parts for one node.
class NodeMessageWriter {
 public:
  explicit NodeMessageWriter(std::string_view sender);
  void add(const RelayedEvent& event);
  void add(const RelayedReceipt& receipt);
  void add(const RelayedThanks& thanks);
  void add(const RelayedReplacement& replacement);
  void add(const RelayedTunnel& tunnel);
  void add(const SocketQuestion& question);
  void add(const SocketAnswer& answer);
  const std::string& bytes() const { return out_; }

 private:
  std::string out_;
};

/// The error says what is wrong with the bytes.
std::expected<NodeMessage, std::string_view> read_node_message(std::string_view bytes);

/// The event as a frame; the error says why a client could not read it. `json_depth`: of its data.
std::expected<FrameRef, std::string_view> frame_of(const RelayedEvent& event, std::size_t json_depth);

}  // namespace signalbox::cluster
