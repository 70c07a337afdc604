#pragma once
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include <signalbox/json_text.hpp>

#include "cluster/msgpack.hpp"

namespace signalbox::cluster {

/// What was published as right JSON, with the bytes in it apart.
struct AdapterText {
  JsonText json;
  std::vector<std::string> attachments;
};

/// What begins as a JSON array or object is JSON, as nothing is in MessagePack that an adapter writes.
std::expected<AdapterText, std::string_view> adapter_text(std::string_view payload, const UnpackLimits& limits);

/// A room, a name or an id: text as it is, a number as its digits.
std::string text_of(std::string_view value);
/// Of an array; none where it is something else.
std::vector<std::string> texts_of(std::string_view array);

/// For whom a message or a request is: rooms, without those who are in others. A socket's id is a room too.
struct AdapterRooms {
  std::vector<std::string> rooms;  ///< empty: everybody
  std::vector<std::string> except;
};
/// `options` is the object that has both; of others nothing.
AdapterRooms rooms_of(std::string_view options);

}  // namespace signalbox::cluster
