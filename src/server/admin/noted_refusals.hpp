#pragma once
#include <chrono>
#include <string_view>

#include "net/application.hpp"
#include "server/admin/recent_refusals.hpp"

// Refusals that are counted nowhere else. Any thread.
namespace signalbox::server::admin {

using WallTime = std::chrono::system_clock::time_point;

/// What the HTTP interface has answered: notes an error of the worker's. One for which there was no room is in the
/// counts.
void note_worker(RecentRefusals& refusals, const net::Response& answer, WallTime now);
/// A page of this origin was refused.
void note_origin(RecentRefusals& refusals, std::string_view origin, WallTime now);

}  // namespace signalbox::server::admin
