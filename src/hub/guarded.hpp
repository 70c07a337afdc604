#pragma once
#include <exception>
#include <string_view>
#include <utility>

#include "hub/hub.hpp"

namespace signalbox::hub {

class SocketOwner;  // hub/socket_owner.hpp

/// Logs and counts what the application threw.
void report_error(Hub& hub, std::string_view what, const SocketOwner* owner, std::string_view error);

/// Calls the application. What it throws goes no further: the connection lives on. `owner`: of the socket that the call
/// is about, null: of none. Its id is read after the call, which may end the socket and with it the user's entry.
template <class Call>
void guarded(Hub& hub, std::string_view what, const SocketOwner* owner, Call&& call) {
  try {
    std::forward<Call>(call)();
  } catch (const std::exception& error) {
    report_error(hub, what, owner, error.what());
  } catch (...) {
    report_error(hub, what, owner, "no std::exception");
  }
}

}  // namespace signalbox::hub
