#pragma once
/// All of Signalbox: the original's index.js.
#include <signalbox/config.hpp>
#include <signalbox/connection_manager.hpp>
#include <signalbox/event_registry.hpp>
#include <signalbox/job_events.hpp>
#include <signalbox/json_members.hpp>
#include <signalbox/json_text.hpp>
#include <signalbox/log.hpp>
#include <signalbox/middleware/auth.hpp>
#include <signalbox/requests.hpp>
#include <signalbox/utils.hpp>
#include <signalbox/version.hpp>
#include <signalbox/websocket_service.hpp>
