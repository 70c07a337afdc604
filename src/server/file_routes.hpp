#pragma once
#include <string>
#include <string_view>

#include "server/routes.hpp"

namespace signalbox::server {

/// By the ending of its path.
std::string content_type_of(std::string_view path);

/// Serves the demo page with a strict content security policy. False: the program was built without it.
bool add_demo_page(Routes& routes);
/// Serves Socket.IO's client under `path` ("/socket.io/"), as Socket.IO does: with its version as ETag.
void add_client_scripts(Routes& routes, const std::string& path);

}  // namespace signalbox::server
