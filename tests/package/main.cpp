#include <signalbox/signalbox.hpp>

#include <cstdio>
#include <type_traits>

// What the service makes, programs do not.
static_assert(!std::is_constructible_v<signalbox::Socket, signalbox::hub::SocketState&>);
static_assert(!std::is_constructible_v<signalbox::SocketHandle, const signalbox::hub::SocketState&>);
static_assert(!std::is_constructible_v<signalbox::EventRegistry, signalbox::hub::Registry&, std::string>);
static_assert(!std::is_constructible_v<signalbox::Io, signalbox::Io::Impl&>);
static_assert(std::is_copy_constructible_v<signalbox::Io> && std::is_copy_constructible_v<signalbox::SocketHandle>);

int main() {
  signalbox::Config config = signalbox::Config::from_arguments(
      {"--port", "0", "--host", "127.0.0.1", "--data-dir", "", "--jwt-secret", "0123456789abcdef0123456789abcdef"});
  signalbox::WebSocketService service(config);
  service.start();
  const auto sent = signalbox::emit_to_user(service.io(), "u1", "hello", 1);
  std::printf("%s: port %d, %zu sockets\n", signalbox::kVersion, service.port(), sent.value());
  service.stop();
}
