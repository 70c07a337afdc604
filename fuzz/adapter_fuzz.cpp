// What is published on the channels of Socket.IO's adapter: read, or refused with a sentence.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/assert.hpp"
#include "base/json_check.hpp"
#include "cluster/adapter_message.hpp"
#include "cluster/adapter_request.hpp"
#include "cluster/adapter_writer.hpp"
#include "socketio/arguments_text.hpp"
#include "socketio/packet.hpp"

using namespace signalbox::cluster;

namespace {

/// What Node servers are told of it, if MessagePack has numbers for it, is read as it was meant.
void written_is_read(const AdapterMessage& message, const UnpackLimits& limits) {
  const std::string array = signalbox::socketio::event_packet("/", {}, message.event,
                                                              signalbox::socketio::without_brackets(message.arguments))
                                .substr(2);
  const auto written = adapter_message("me", message.nsp, array, message.to, message.is_volatile);
  if (!written) return;
  const auto read =
      read_adapter_message(*written, {.bytes = 10 * limits.bytes, .depth = limits.depth, .attachments = 0});
  SB_ASSERT(read && read->event == message.event && read->to.rooms == message.to.rooms);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view payload(reinterpret_cast<const char*>(data), size);
  const UnpackLimits limits{.bytes = 10'000, .depth = 16, .attachments = 4};
  if (const auto message = read_adapter_message(payload, limits)) {
    SB_ASSERT(signalbox::valid_json(std::string_view(message->arguments), limits.depth + 1));
    SB_ASSERT(message->attachments.size() <= limits.attachments);
    written_is_read(*message, limits);
  }
  if (const auto request = read_adapter_request(payload, limits)) {
    SB_ASSERT(request->id.size() <= limits.bytes);
    if (!request->data.empty()) SB_ASSERT(signalbox::valid_json(std::string_view(request->data), limits.depth + 2));
    if (request->type == AdapterRequest::Type::broadcast_with_ack)
      SB_ASSERT(signalbox::valid_json(std::string_view(request->message.arguments), limits.depth + 1));
  }
  return 0;
}
