#pragma once
#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/shared_text.hpp"
#include "hub/connect_attempt.hpp"
#include "hub/token_expiry.hpp"
#include "recovery/connections.hpp"

namespace signalbox::hub {

class Outbox;      // hub/outbox.hpp
struct Namespace;  // hub/registry.hpp

/// Whose socket it is: as whom it was let in, for how long, and where it stands among the sockets of that user.
///
/// thread  its shard.
class SocketOwner {
 public:
  /// Nobody.
  SocketOwner() = default;
  SocketOwner(const SocketUser& user, const Clocks& clocks, TimePoint now);

  std::string_view id() const { return entry_ ? std::string_view(entry_->id) : id_.view(); }
  /// The object under `user` in `authenticated`; empty once nobody can ask for it.
  std::string_view json() const { return json_.view(); }
  TokenExpiry& expiry() { return expiry_; }
  const TokenExpiry& expiry() const { return expiry_; }
  /// Its entry in the directory, which has the sockets of the main namespace alone.
  const users::User* entry() const { return entry_; }
  /// The newest unread outcome that could not be read when the socket was told the others; 0: none. Receipts count only
  /// for outcomes newer than it.
  std::uint64_t withheld() const { return withheld_; }
  bool joins_directory(const Namespace& nsp) const;

  /// That of a newer token.
  void set_json(std::string_view json, const Outbox& at);
  /// The client has been told it: handlers alone may ask for it from now on.
  void trim_json(const Namespace& nsp);
  using WallTime = std::chrono::system_clock::time_point;
  void renew(WallTime expires, std::optional<WallTime> issued, const Clocks& clocks, TimePoint now);

  /// The socket stands among its user's from now on. Returns what it is told at its login.
  users::UserJobs::Replay join(const Outbox& at);
  /// The same as the socket that its client has been before, which the directory has.
  void come_back(const recovery::FoundSocket& found, const Outbox& at);
  /// Returns the entry, in which it still stands.
  const users::User* leave(const Outbox& at);
  /// The client has received all outcomes up to this number that the socket was sent.
  void confirm(std::uint64_t number, const Hub& hub) const;

 private:
  void enter(const users::User* entry, std::uint64_t heard, const Outbox& at);
  void count_elsewhere(const Outbox& at) const;
  void share_json(const Outbox& at);

  std::uint64_t withheld_ = 0;
  const users::User* entry_ = nullptr;
  SharedText id_;  ///< empty while it has an entry, which has it
  SharedText json_;
  TokenExpiry expiry_;
};

}  // namespace signalbox::hub
