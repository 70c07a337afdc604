#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <signalbox/utils.hpp>

namespace signalbox {

/// Who is connected, through which sockets: the original's ConnectionManager.
///
/// lifetime  as of the Io in it.
/// thread    any.
class ConnectionManager {
 public:
  explicit ConnectionManager(Io io) : io_(io) {}
  /// Sockets that are open and authenticated at this moment (the presence grace does not count).
  [[nodiscard]] std::size_t connections(std::string_view user) const;
  [[nodiscard]] bool is_user_online(std::string_view user) const { return signalbox::is_user_online(io_, user); }
  [[nodiscard]] std::vector<std::string> get_online_users() const { return signalbox::get_online_users(io_); }
  [[nodiscard]] std::size_t get_online_users_count() const { return signalbox::get_online_users_count(io_); }

 private:
  Io io_;
};

}  // namespace signalbox
