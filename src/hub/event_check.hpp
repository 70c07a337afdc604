#pragma once
#include <expected>
#include <string_view>

#include <signalbox/event_registry.hpp>

#include "hub/hub.hpp"

namespace signalbox::hub {

/// May a program send this event to sockets now? `arguments` is to be an array.
///
/// thread  any.
std::expected<void, EmitError> check_event(const Hub& hub, std::string_view event, const JsonView& arguments,
                                           const Attachments& attachments);
/// Has that shard's mailbox room for one more message?
std::expected<void, EmitError> check_mailbox(Hub& hub, unsigned shard);

}  // namespace signalbox::hub
