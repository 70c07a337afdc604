#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "hub/hub.hpp"
#include "hub/trace_entry.hpp"
#include "hub/trace_row.hpp"

namespace signalbox::hub {

class Client;        // hub/client.hpp
class TracedClient;  // hub/traced_client.hpp

/// Live looks at what some users' sockets on one shard are sent, and at what comes of it.
///
/// Nobody else pays for them: what is sent to a traced socket goes through a link of its own (TracedSocket) in the
/// place of its client's, and what its client says through a tap on its session. A shard has one of these only while
/// something is traced there.
///
/// thread  its shard.
class Traces {
 public:
  /// Gets the lines that were noted, once; the next ones when told() has said that these are taken.
  using Tell = std::move_only_function<void(TraceRow::Lines)>;
  struct Order {
    std::uint64_t number;  ///< by which it is ended
    std::string user;
    bool with_data = false;
    Tell tell;
  };

  explicit Traces(LocalSockets& local);
  ~Traces();
  Traces(const Traces&) = delete;
  Traces& operator=(const Traces&) = delete;

  void begin(Order order);
  void end(std::uint64_t number);
  void told(std::uint64_t number);
  bool none() const { return traces_.empty(); }

  // From sockets of this shard, whosever they are.
  /// Its client is about to be told that it is in.
  void came(SocketState& socket);
  /// It is about to leave.
  void went(const SocketState& socket, CloseReason reason);

  // From traced ones.
  void note(std::string_view user, const TraceEntry& entry);
  void lose(std::string_view user);

 private:
  static constexpr std::size_t kMostBytes = 64 * 1024;  ///< of lines of a trace that nobody has taken

  struct Trace {
    Order order;
    TraceRow row{kMostBytes};
    bool untaken = false;  ///< it has told lines that nobody has taken
  };
  bool traced(std::string_view user) const;
  TracedClient& of(Client& client);
  void let_go(std::string_view user);
  void tell_soon();
  void tell();

  LocalSockets& local_;
  std::vector<Trace> traces_;
  std::unordered_map<const Client*, std::unique_ptr<TracedClient>> clients_;
  bool tells_soon_ = false;
};

// From any thread.
void begin_trace(Hub& hub, unsigned shard, Traces::Order order);
/// What that shard told has been taken.
void lines_taken(Hub& hub, unsigned shard, std::uint64_t number);
/// On every shard.
void end_trace(Hub& hub, std::uint64_t number);

}  // namespace signalbox::hub
