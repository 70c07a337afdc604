#pragma once
#include <exception>
#include <string_view>
#include <utility>

#include "hub/hub.hpp"

namespace signalbox::hub {

/// Logs and counts what the application threw.
void report_error(Hub& hub, std::string_view what, std::string_view user, std::string_view error);

/// Calls the application. What it throws goes no further: the connection lives on.
template <class Call>
void guarded(Hub& hub, std::string_view what, std::string_view user, Call&& call) {
  try {
    std::forward<Call>(call)();
  } catch (const std::exception& error) {
    report_error(hub, what, user, error.what());
  } catch (...) {
    report_error(hub, what, user, "no std::exception");
  }
}

}  // namespace signalbox::hub
