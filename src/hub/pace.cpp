#include "hub/pace.hpp"

#include <utility>

#include "hub/client.hpp"

namespace signalbox::hub {

void Pace::spend(Client& client, TimePoint now, float packets) {
  Hub& hub = client.hub();
  const std::size_t rate = hub.config.client_events_per_s;
  budget_.spend(rate, now, packets);
  const TimePoint refilled = budget_.refilled_at(rate);
  if (refilled <= now) return;
  if (!std::exchange(held_, true)) {
    hub.limits.client_events.reached({{"address", client.handshake().remote_address()}});
    client.link().set_reading(false);
  }
  client.link().deadline_changed();
}

void Pace::spend_answer(Client& client, std::size_t bytes, std::size_t events) {
  const Hub& hub = client.hub();
  const float seconds = static_cast<float>(bytes) / static_cast<float>(hub.config.send_queue_bytes);
  const float worth = seconds * static_cast<float>(hub.config.client_events_per_s);
  spend(client, hub.clocks.steady(), static_cast<float>(events) + worth);
}

void Pace::on_timer(Client& client, TimePoint now) {
  if (now < next_deadline(client.hub())) return;
  held_ = false;
  client.link().set_reading(true);
}

}  // namespace signalbox::hub
