#pragma once
#include <cstddef>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace signalbox::cluster {

/// A MessagePack value as JSON text. Bytes in it stand apart, as Socket.IO has them: in the text each is a placeholder
/// with its index.
struct Unpacked {
  std::string json;
  std::vector<std::string> attachments;
};

struct UnpackLimits {
  std::size_t bytes;        ///< of the JSON text and the attachments together
  std::size_t depth;        ///< of arrays and objects in one another
  std::size_t attachments;  ///< how many
};

/// Exactly one value, as JSON.stringify() would have written it: NaN and the infinities are null, a timestamp is a date
/// of ISO 8601, text that is not UTF-8 has U+FFFD. The error says what is wrong with the bytes.
///
/// thread  any. source  github.com/msgpack/msgpack/blob/master/spec.md
std::expected<Unpacked, std::string_view> unpack(std::string_view bytes, const UnpackLimits& limits);

}  // namespace signalbox::cluster
