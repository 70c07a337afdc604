#include "server/presence_events.hpp"

#include "base/json_write.hpp"

namespace signalbox::server {

// JSON text has no line feeds, so one `data` line holds it.
std::string presence_event(std::string_view user, bool online) {
  std::string out = online ? "event: online\ndata: {\"userId\":" : "event: offline\ndata: {\"userId\":";
  append_json_string(out, user);
  out += "}\n\n";
  return out;
}

void SnapshotEvents::add(std::string_view user) {
  out_ += users_ == 0 ? "event: snapshot\ndata: {\"users\":[" : ",";
  append_json_string(out_, user);
  if (++users_ == kUsers) finish();
}

void SnapshotEvents::finish() {
  if (users_ != 0) out_ += "]}\n\n";
  users_ = 0;
}

}  // namespace signalbox::server
