#include <signalbox/websocket_service.hpp>

#include "commands.hpp"

namespace app {

int run_serve(const signalbox::Config& config) {
  signalbox::WebSocketService service(config);
  service.run();
  return 0;
}

}  // namespace app
