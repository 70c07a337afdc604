#include "users/presence_observers.hpp"

#include "base/json_write.hpp"

namespace signalbox::users {
namespace {

FrameRef presence_frame(std::string_view user, bool online) {
  std::string data = "{\"userId\":";
  append_json_string(data, user);
  data += "}]";
  const auto kind = online ? FrameKind::user_online : FrameKind::user_offline;
  const std::string_view head = online ? "42[\"user_online\"," : "42[\"user_offline\",";
  return make_frame(false, kind, user, head, data);
}

}  // namespace

void BroadcastPresence::on_presence(const std::string& user, bool online) {
  const FrameRef frame = presence_frame(user, online);
  broadcasts_.presence(frame, Audience::all_but(frame));
}

}  // namespace signalbox::users
