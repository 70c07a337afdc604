#include "hub/traced_client.hpp"

#include <algorithm>
#include <utility>

#include "hub/client.hpp"
#include "hub/local_sockets.hpp"
#include "hub/socket_state.hpp"

namespace signalbox::hub {

TracedClient::TracedClient(Client& client, Traces& traces)
    : client_(client), traces_(traces), tap_(client.link().tap(*this)) {}

TracedSocket& TracedClient::add(SocketState& socket) {
  if (TracedSocket* known = find(socket)) return *known;
  TracedSocket& added = *sockets_.emplace_back(std::make_unique<TracedSocket>(socket, traces_));
  client_.local().set_link(socket.ref().slot, added);
  return added;
}

TracedSocket* TracedClient::find(const SocketState& socket) const {
  const auto at = std::ranges::find(sockets_, &socket, [](const auto& each) { return &each->socket(); });
  return at == sockets_.end() ? nullptr : at->get();
}

void TracedClient::remove(const SocketState& socket) {
  client_.local().set_link(socket.ref().slot, client_.link());
  std::erase_if(sockets_, [&](const auto& each) { return &each->socket() == &socket; });
}

TracedSocket* TracedClient::of_namespace(std::string_view nsp) const {
  const auto at = std::ranges::find(sockets_, nsp, [](const auto& each) { return each->socket().nsp().name; });
  return at == sockets_.end() ? nullptr : at->get();
}

void TracedClient::on_text(std::string_view message) {
  spoken_to_ = namespace_of(message);
  TracedSocket* to = of_namespace(spoken_to_);
  if (!to) return;
  TraceEntry entry = to->entry(TraceEntry::What::received);
  entry.bytes = message.size();
  describe_packet(entry, message);
  to->note(entry);
}

void TracedClient::on_binary(std::string_view bytes) {
  TracedSocket* to = of_namespace(spoken_to_);
  if (!to) return;
  TraceEntry entry = to->entry(TraceEntry::What::received);
  entry.bytes = bytes.size();
  entry.packet = "attachment";
  to->note(entry);
}

void TracedClient::on_received(std::uint32_t marker) {
  for (const auto& socket : sockets_) socket->received(marker);
}

}  // namespace signalbox::hub
