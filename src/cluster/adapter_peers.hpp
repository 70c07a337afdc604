#pragma once
#include <atomic>
#include <expected>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.hpp"
#include "cluster/adapter_message.hpp"
#include "cluster/adapter_refusals.hpp"
#include "cluster/adapter_request.hpp"
#include "cluster/channels.hpp"
#include "cluster/counts.hpp"
#include "cluster/guests.hpp"
#include "cluster/inbox.hpp"
#include "cluster/own_channels.hpp"
#include "cluster/shared_ledger.hpp"
#include "redis/client.hpp"
#include "users/emitter.hpp"

namespace signalbox::cluster {

/// What a Socket.IO adapter does to this node's sockets by their rooms. `server` brings it to the hub.
///
/// thread  any.
class RoomActions {
 public:
  virtual std::expected<void, EmitError> emit(AdapterMessage message) = 0;
  virtual void disconnect(const std::string& nsp, const AdapterRooms& of, bool close) = 0;

 protected:
  ~RoomActions() = default;
};

struct AdapterOptions {
  std::string sender;  ///< by which our own messages are known; shared by all nodes of ours, with a node's id behind it
  UnpackLimits limits;
  users::EmitLimits emit_limits;
  bool all_users;  ///< also those who are not here, and rooms of other kinds
};

/// Socket.IO's emitters, and its servers with the classic Redis adapter: what they publish reaches our clients, and
/// what is emitted here reaches theirs while any of them listens.
///
/// thread  the cluster's; listen() any.
class AdapterPeers {
 public:
  AdapterPeers(AdapterOptions options, const Channels& channels, redis::Client& commands, users::Directory& directory,
               users::Emitter& emitter, RoomActions& rooms, const Guests& guests, Counts& counts);

  /// Outcomes of emitters are entered there. Before anything comes.
  void set_ledger(SharedLedger& ledger) { ledger_ = &ledger; }
  /// Where they publish what is for these namespaces. Once.
  void add_channels(OwnChannels& own, const std::vector<std::string>& namespaces);
  /// What the keeper hears of any user: outcomes of those who are not here are entered.
  void keep(std::string_view payload);
  /// Is this node the keeper?
  void set_keeps(std::function<bool()> keeps) { keeps_ = std::move(keeps); }
  /// False: it was none of theirs.
  bool on_published(const redis::Published& published);

  /// Does a server of Socket.IO hear what is emitted here?
  bool listen() const { return listen_.load(std::memory_order_relaxed); }
  /// To be asked once a second.
  void look_for_servers();
  void publish(const Emitted& emitted);

 private:
  struct Nsp {
    std::string name;
    Channels channels;
  };
  void on_message(std::string_view payload);
  void on_request(const std::string& nsp, std::string_view payload);
  void take(AdapterMessage message);
  void take_for_users(const AdapterMessage& message, const std::vector<std::string_view>& users);
  void enter(const AdapterMessage& message, const std::vector<std::string_view>& users);
  void refuse(std::string_view why);

  const AdapterOptions options_;
  const Channels& channels_;
  redis::Client& commands_;
  users::Directory& directory_;
  users::Emitter& emitter_;
  RoomActions& rooms_;
  const Guests& guests_;
  Counts& counts_;
  std::function<bool()> keeps_ = [] { return false; };
  SharedLedger* ledger_ = nullptr;  ///< null: outcomes are not shared
  std::vector<Nsp> others_;         ///< namespaces
  std::atomic<bool> listen_{false};
};

}  // namespace signalbox::cluster
