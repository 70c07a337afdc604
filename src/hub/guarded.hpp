#pragma once
#include <exception>
#include <string>
#include <utility>

#include "base/log.hpp"
#include "hub/hub.hpp"

namespace signalbox::hub {

/// Calls the application. What it throws is logged and counted, and goes no further: the connection lives on.
template <class Call>
void guarded(Hub& hub, std::string_view what, std::string_view user, Call&& call) {
  try {
    std::forward<Call>(call)();
    return;
  } catch (const std::exception& error) {
    log::error("a handler threw",
               {{"handler", std::string(what)}, {"user", std::string(user)}, {"what", error.what()}});
  } catch (...) {
    log::error("a handler threw", {{"handler", std::string(what)}, {"user", std::string(user)}});
  }
  hub.counters.handler_errors.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace signalbox::hub
