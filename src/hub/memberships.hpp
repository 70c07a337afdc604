#pragma once
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/small_vector.hpp"

namespace signalbox::hub {

class Login;        // hub/login.hpp
class SocketState;  // hub/socket_state.hpp

/// The sockets of one client, one in each namespace that it joined; its logins, on their way in; and sockets on their
/// way out.
///
/// thread  its shard.
class Memberships {
 public:
  Memberships();
  ~Memberships();

  std::span<const std::unique_ptr<SocketState>> sockets() const { return {sockets_.begin(), sockets_.end()}; }
  SocketState* find(std::string_view nsp) const;
  SocketState& add(std::unique_ptr<SocketState> socket);

  std::span<const std::unique_ptr<Login>> logins() const;
  /// One that is under way.
  Login* login_to(std::string_view nsp) const;
  Login& login_of(const SocketState& socket) const;
  std::size_t logins_under_way() const;
  Login& add(std::unique_ptr<Login> login);

  bool empty() const { return sockets_.empty() && logins_under_way() == 0; }
  /// Has it a socket, or a login that is to become one?
  bool admitted() const;
  TimePoint next_deadline() const;

  /// Takes sockets that have left out of the list; they are kept until clear().
  void forget_left();
  /// No call is in any of them: those that have left go, and logins that are over.
  void clear() {
    if (passing_) clear_passing();
  }

 private:
  /// What is here for a while.
  struct Passing {
    std::vector<std::unique_ptr<Login>> logins;
    std::vector<std::unique_ptr<SocketState>> left;
  };
  Passing& passing();
  void clear_passing();

  SmallVector<std::unique_ptr<SocketState>, 1> sockets_;
  std::unique_ptr<Passing> passing_;  ///< null, most of the time
};

}  // namespace signalbox::hub
