#include "hub/guarded.hpp"

#include "hub/socket_owner.hpp"

namespace signalbox::hub {
namespace {

constexpr std::size_t kMaxWhat = 1000;  ///< a parser's complaint may quote all that a client sent

}  // namespace

void report_error(Hub& hub, std::string_view what, const SocketOwner* owner, std::string_view error) {
  const std::string_view user = owner ? owner->id() : std::string_view();
  hub.thrown.handler.write(
      "a handler threw",
      {{"handler", std::string(what)}, {"user", std::string(user)}, {"what", std::string(error.substr(0, kMaxWhat))}});
  hub.counters.handler_errors.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace signalbox::hub
