#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace signalbox::hub {

/// Something that was seen of a traced user's socket. Views: good for one call.
struct TraceEntry {
  enum class What : std::uint8_t {
    connected,
    sent,          ///< queued for the client
    received,      ///< of the client
    confirmed,     ///< the client has answered the ping behind that outcome
    dropped,       ///< `bytes` waited for the client when its connection broke
    disconnected,  ///< for that `reason`
  };

  What what;
  std::int64_t at_ms = 0;  ///< Unix time
  std::string_view socket, nsp = "/";
  std::string event{};        ///< its name
  std::string_view packet{};  ///< of one that is no event: its kind
  std::string_view job_id{};  ///< of progress and outcomes
  std::optional<std::size_t> bytes{};
  std::string_view reason{};
  std::string_view data{};  ///< what else the packet has, as it goes over the line
};

/// The longest `data` that a line has; more is cut.
inline constexpr std::size_t kMostTracedData = 4096;

/// Says of a Socket.IO packet (its type comes first) what it is.
void describe_packet(TraceEntry& entry, std::string_view packet);
/// The namespace that it is for.
std::string_view namespace_of(std::string_view packet);
/// One line of JSON. `with_data`: also what the packet has.
void append_trace_line(std::string& out, const TraceEntry& entry, bool with_data);

}  // namespace signalbox::hub
