#include "cluster/adapter_writer.hpp"

#include <utility>

#include <nlohmann/json.hpp>

#include "socketio/packet.hpp"

namespace signalbox::cluster {

std::expected<std::string, std::string_view> adapter_message(std::string_view uid, std::string_view nsp,
                                                             std::string_view event_array, const AdapterRooms& to,
                                                             bool is_volatile) {
  using Json = nlohmann::json;
  Json data = Json::parse(event_array, nullptr, false);
  if (!data.is_array() || data.empty()) return std::unexpected("its event cannot be written as MessagePack");
  Json packet = {{"type", static_cast<int>(socketio::PacketType::event)}, {"data", std::move(data)}, {"nsp", nsp}};
  Json flags = Json::object();
  if (is_volatile) flags["volatile"] = true;
  Json options = {{"rooms", to.rooms}, {"except", to.except}, {"flags", std::move(flags)}};
  std::string message;
  Json::to_msgpack(Json::array({uid, std::move(packet), std::move(options)}), message);
  return message;
}

}  // namespace signalbox::cluster
