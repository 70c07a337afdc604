#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "redis/client.hpp"

namespace signalbox::queue {

/// The name of the queue whose key this is: what stands between `prefix` and `suffix`. Nothing: it is no key of a
/// queue, whose name holds no colon.
std::optional<std::string_view> queue_in(std::string_view key, std::string_view prefix, std::string_view suffix);

/// Looks for the keys of queues, a piece of Redis' memory after the other.
///
/// thread  the client's. It outlives the client's last answer.
class QueueScan {
 public:
  /// The names found in one piece.
  using OnFound = std::function<void(const std::vector<std::string>& names)>;
  /// All were found that were there all the time; or Redis did not say.
  using OnEnd = std::move_only_function<void()>;

  /// Of keys that begin and end so, and are of that type.
  QueueScan(redis::Client& commands, std::string prefix, std::string suffix, std::string type);

  bool busy() const { return static_cast<bool>(on_end_); }
  /// While it is not busy.
  void begin(OnFound on_found, OnEnd on_end);

 private:
  void ask(const std::string& cursor);
  void take(const redis::Answer& answer);

  redis::Client& commands_;
  const std::string prefix_, suffix_, type_, pattern_;
  OnFound on_found_;
  OnEnd on_end_;
};

}  // namespace signalbox::queue
