#pragma once
#include <expected>
#include <string>
#include <string_view>

#include "cluster/adapter_text.hpp"

namespace signalbox::cluster {

/// What a node with Socket.IO's Redis adapter publishes for an event, so that other such nodes deliver it.
/// `event_array` is the text of ["event",a,b,…]. The error says what is wrong with it: a number beyond what JavaScript
/// knows, which a browser would read as Infinity.
///
/// thread  any. source  @socket.io/redis-adapter 8, RedisAdapter.broadcast().
std::expected<std::string, std::string_view> adapter_message(std::string_view uid, std::string_view nsp,
                                                             std::string_view event_array, const AdapterRooms& to,
                                                             bool is_volatile = false);

}  // namespace signalbox::cluster
