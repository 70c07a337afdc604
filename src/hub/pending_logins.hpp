#pragma once
#include <cstdint>
#include <unordered_map>

namespace signalbox::hub {

class Login;

/// The logins of one shard that wait for a middleware, by numbers that outlive them.
///
/// thread  its shard.
class PendingLogins {
 public:
  std::uint64_t add(Login& login) {
    logins_.emplace(++last_, &login);
    return last_;
  }
  /// Null: it has gone.
  Login* find(std::uint64_t id) const {
    const auto found = logins_.find(id);
    return found == logins_.end() ? nullptr : found->second;
  }
  void remove(std::uint64_t id) { logins_.erase(id); }

 private:
  std::unordered_map<std::uint64_t, Login*> logins_;
  std::uint64_t last_ = 0;
};

}  // namespace signalbox::hub
