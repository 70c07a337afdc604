#pragma once
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace signalbox::redis {

/// One server: a name or an address with its port or, where that is not empty, the path of a Unix socket.
struct Host {
  std::string name{};
  std::uint16_t port = 0;
  std::string path{};
  bool operator==(const Host&) const = default;
};

/// "redis.example:6379", "[::1]:6379" or "/run/redis.sock".
std::string to_text(const Host& host);

/// Where Redis is and who we are there, as REDIS_URL says it.
struct Url {
  std::vector<Host> hosts{};  ///< one; with `primary` the sentinels, which are asked where it is
  std::string primary{};      ///< the name by which the sentinels know the primary; empty: no Sentinel
  bool tls = false;
  std::string user{};      ///< empty: Redis' default user
  std::string password{};  ///< empty: none
  unsigned database = 0;
};

/// Reads redis://, rediss:// (TLS), unix://, redis+sentinel:// and rediss+sentinel://. The error says what is wrong and
/// what would be right, and never holds the password.
std::expected<Url, std::string> parse_url(std::string_view text);
/// Without the password.
std::string to_text(const Url& url);

}  // namespace signalbox::redis
