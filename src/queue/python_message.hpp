#pragma once
#include <cstddef>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include <signalbox/json_text.hpp>

namespace signalbox::queue {

/// An event for the sockets of some rooms, as python-socketio's managers publish it.
struct PythonEmit {
  std::string nsp{};
  std::string event;
  JsonText arguments{};                    ///< an array, with placeholders for the attachments
  std::vector<std::string> attachments{};  ///< bytes
  std::vector<std::string> rooms{};        ///< empty: everybody
  std::vector<std::string> except{};       ///< ids of sockets
};

struct PythonLimits {
  std::size_t bytes;        ///< of a message
  std::size_t depth;        ///< of an argument
  std::size_t attachments;  ///< how many
};

/// Reads one. The error says why it is no event of ours: `kOtherMethod` where it is another call of a manager,
/// `kNoRoom` where its list of rooms is empty, so that it is for nobody.
///
/// thread  any. source  python-socketio 5.14 to 5.18, pubsub_manager.py and redis_manager.py.
std::expected<PythonEmit, std::string_view> read_python_message(std::string_view payload, const PythonLimits& limits);

inline constexpr std::string_view kOtherMethod = "it is no emit", kNoRoom = "it names no room";
/// What is published that begins with this byte is a pickle: code, which nobody should run for a stranger.
inline bool is_pickle(std::string_view payload) {
  return payload.starts_with('\x80');
}

}  // namespace signalbox::queue
