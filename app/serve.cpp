#include <signalbox/websocket_service.hpp>

#include "commands.hpp"
#include "supervisor.hpp"

namespace app {

int run_serve(const signalbox::Config& config) {
  signalbox::WebSocketService service(config);
  service.run([] { tell_supervisor("READY=1"); });
  return 0;
}

}  // namespace app
