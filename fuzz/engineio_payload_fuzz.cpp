// The body of a POST. Whatever it holds, the walk ends, gives no more packets than allowed, and gives them as they
// stand in the body.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include "base/base64.hpp"
#include "engineio/packet.hpp"
#include "engineio/query.hpp"
#include "engineio/sid.hpp"

using namespace signalbox;
using namespace signalbox::engineio;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::size_t most = data[0];
  const auto copy = std::make_unique<char[]>(size - 1);  // exact size: one byte too far is seen
  std::copy(data + 1, data + size, copy.get());
  const std::string_view body(copy.get(), size - 1);
  PayloadReader reader(body, most);
  std::string joined;
  std::size_t count = 0;
  bool whole = true;
  while (!reader.done()) {
    const auto packet = reader.next();
    if (!packet) {
      whole = false;
      break;
    }
    if (++count > most) std::abort();
    if (count > 1) joined += kSeparator;
    joined += static_cast<char>(packet->type);
    joined += packet->data;
    if (packet->type == PacketType::binary) static_cast<void>(signalbox::base64_decode(packet->data));
  }
  if (whole ? joined != body : !body.starts_with(joined)) std::abort();

  if (const auto query = parse_query(body); query && query->sid) {
    if (query->sid->empty()) std::abort();
    if (const auto place = place_of(*query->sid); place && (place->shard > 255 || place->slot >= Sid::kSlots))
      std::abort();
  }
  return 0;
}
