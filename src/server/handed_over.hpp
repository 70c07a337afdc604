#pragma once
#include <string>

#include <signalbox/requests.hpp>

#include "base/log.hpp"

namespace signalbox::server {

/// The request's head as it could have come over a connection; empty if it could not have, since a line break is in it.
std::string head_of(const HttpRequest& request);
/// `reply`, whose exceptions are logged and go no further. `threw` has their lines, and outlives it.
HttpReply guarded(HttpReply reply, log::RareError& threw);

}  // namespace signalbox::server
