#pragma once
#include "net/application.hpp"
#include "server/embedded_files.hpp"

namespace signalbox::server::admin {

/// Any answer by ADMIN_PORT: nothing of other hosts is loaded beside it, it stands in no frame, and no link tells where
/// it came from.
net::Response secured(net::Response response);
/// A file of the page.
net::Response file_answer(const EmbeddedFile& file);

}  // namespace signalbox::server::admin
