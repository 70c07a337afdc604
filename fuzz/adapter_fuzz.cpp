// What is published on the channels of Socket.IO's adapter: read, or refused with a sentence.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/assert.hpp"
#include "base/json_check.hpp"
#include "cluster/adapter_message.hpp"
#include "cluster/adapter_request.hpp"

using namespace signalbox::cluster;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view payload(reinterpret_cast<const char*>(data), size);
  const UnpackLimits limits{.bytes = 10'000, .depth = 16, .attachments = 4};
  if (const auto message = read_adapter_message(payload, limits)) {
    SB_ASSERT(signalbox::valid_json(std::string_view(message->arguments), limits.depth + 1));
    SB_ASSERT(message->attachments.size() <= limits.attachments);
  }
  if (const auto request = read_adapter_request(payload, limits)) SB_ASSERT(request->id.size() <= limits.bytes);
  return 0;
}
