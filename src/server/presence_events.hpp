#pragma once
#include <cstddef>
#include <string>
#include <string_view>

// Who is online, as server-sent events. Pure.
namespace signalbox::server {

inline constexpr std::string_view kReadyEvent = "event: ready\ndata: {}\n\n";
/// Says nothing, but that the line is alive.
inline constexpr std::string_view kComment = ":\n\n";

std::string presence_event(std::string_view user, bool online);

/// Writes users as events of at most 1,000 of them.
class SnapshotEvents {
 public:
  explicit SnapshotEvents(std::string& out) : out_(out) {}
  void add(std::string_view user);
  /// The last event may be a short one.
  void finish();

 private:
  static constexpr std::size_t kUsers = 1000;

  std::string& out_;
  std::size_t users_ = 0;  ///< in the event that is not finished
};

}  // namespace signalbox::server
