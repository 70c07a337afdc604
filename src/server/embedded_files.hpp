#pragma once
#include <cstddef>
#include <initializer_list>
#include <string_view>
#include <vector>

namespace signalbox::server {

/// A file that was put into the program when it was built.
struct EmbeddedFile {
  std::string_view path;
  std::string_view bytes;
};

// Made by cmake/web.cmake; empty lists in a program that was built without Node.

/// By the path at which it is served: "/", "/assets/demo.js" ….
std::vector<EmbeddedFile> demo_page();
/// Likewise: "/", "/assets/admin.js" ….
std::vector<EmbeddedFile> admin_page();
/// Socket.IO's client for browsers, by file name: "socket.io.js" ….
std::vector<EmbeddedFile> client_scripts();
/// Of the client's package, such as "4.8.1".
std::string_view client_version();

}  // namespace signalbox::server
