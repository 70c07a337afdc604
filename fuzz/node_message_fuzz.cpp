// What other nodes publish, as anybody might: refused, or read as it is when it is written anew.
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <variant>

#include "base/assert.hpp"
#include "base/json_check.hpp"
#include "cluster/node_message.hpp"
#include "cluster/outcome_index.hpp"

using namespace signalbox;
using namespace signalbox::cluster;

namespace {

void compare(const RelayedEvent& a, const RelayedEvent& b) {
  SB_ASSERT(a.user == b.user && a.kind == b.kind && a.packet == b.packet && a.job_id == b.job_id);
  SB_ASSERT(a.home == b.home && a.row == b.row);
  constexpr std::size_t kDepth = 4;
  const auto frame = frame_of(a, kDepth);
  if (!frame) return;
  SB_ASSERT((*frame)->packet() == a.packet && (*frame)->key() == a.job_id && (*frame)->kind() == a.kind);
  SB_ASSERT(valid_json(a.packet.substr(2), kDepth + 1));
}
void compare(const RelayedReceipt& a, const RelayedReceipt& b) {
  SB_ASSERT(a.user == b.user && a.row == b.row && a.at == b.at);
}
void compare(const RelayedReplacement& a, const RelayedReplacement& b) {
  SB_ASSERT(a.user == b.user && a.row == b.row);
}
void compare(const RelayedThanks& a, const RelayedThanks& b) {
  SB_ASSERT(a.home == b.home && a.row == b.row);
}
void compare(const RelayedTunnel& a, const RelayedTunnel& b) {
  SB_ASSERT(a.message == b.message);
}
void compare(const SocketQuestion& a, const SocketQuestion& b) {
  SB_ASSERT(a.number == b.number && a.pid == b.pid);
}
void compare(const SocketAnswer& a, const SocketAnswer& b) {
  SB_ASSERT(a.number == b.number && a.here == b.here);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (const auto name = OutcomeName::read(bytes)) SB_ASSERT(OutcomeName::read(name->text()) == name);
  const auto message = read_node_message(bytes);
  if (!message) return 0;
  NodeMessageWriter writer(message->sender);
  for (const NodePart& part : message->parts) std::visit([&](const auto& one) { writer.add(one); }, part);
  const auto again = read_node_message(writer.bytes());
  SB_ASSERT(again && again->sender == message->sender && again->parts.size() == message->parts.size());
  for (std::size_t i = 0; i < message->parts.size(); ++i) {
    const auto same = [&](const auto& one) { compare(one, std::get<std::decay_t<decltype(one)>>(again->parts[i])); };
    std::visit(same, message->parts[i]);
  }
  return 0;
}
