#pragma once
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "cluster/adapter_peers.hpp"
#include "cluster/agreement.hpp"
#include "cluster/bus.hpp"
#include "cluster/channels.hpp"
#include "cluster/counts.hpp"
#include "cluster/guests.hpp"
#include "cluster/inbox.hpp"
#include "cluster/incoming_events.hpp"
#include "cluster/keeper.hpp"
#include "cluster/keys.hpp"
#include "cluster/no_disk.hpp"
#include "cluster/node_channels.hpp"
#include "cluster/own_channels.hpp"
#include "cluster/presence_link.hpp"
#include "cluster/shared_ledger.hpp"
#include "cluster/shared_store.hpp"
#include "cluster/socket_search.hpp"
#include "cluster/tunnels.hpp"
#include "cluster/whereabouts.hpp"
#include "redis/client_thread.hpp"
#include "redis/url.hpp"
#include "users/directory.hpp"
#include "users/emitter.hpp"
#include "users/other_nodes.hpp"

namespace signalbox::cluster {

struct ClusterOptions {
  redis::Url url;
  std::string tag;     ///< this process', among all nodes
  std::string key;     ///< of Socket.IO's adapter
  std::string prefix;  ///< of our keys and channels
  NodeTimes times;
  bool all_users = false;               ///< hear what is published for users who are not here
  std::size_t queue_bytes = 64u << 20;  ///< of events that wait for the cluster's thread, or for an answer of
                                        ///< Redis; and as many of tunnels
  std::string version;                  ///< of the program
  users::EmitLimits limits{};
  OutcomeIndex::Kept kept{};       ///< how long outcomes and progress are kept
  SocketSearch::Has has_socket{};  ///< has this node the socket that a client shows? Any thread
};

/// This node among others over Redis: what is emitted here reaches users on other nodes and the other way round, and
/// all know who is online where. A thread of its own; shards leave it what it has to know, and it posts to them.
///
/// thread  any, but for what says another.
class Cluster final : public users::OtherNodes, reactor::Part, Bus {
 public:
  static constexpr unsigned kPartitions = 256;

  static constexpr std::size_t kNameCharacters = 6;  ///< of a tag, or of a node's id

  Cluster(ClusterOptions options, users::Directory& directory, users::Emitter& emitter, RoomActions& rooms,
          Tunnels::Server server);
  ~Cluster();

  /// Outcomes of this store are shared by all nodes: it is to be used in the place of `disk`, which has that name among
  /// the stores of all nodes. `call_back` calls who waits for outcomes, where `disk` does. Before start(); `disk`
  /// outlives stop().
  users::OutcomeStore& share(users::OutcomeStore& disk, std::string name, OfferedGroups::CallBack call_back);
  /// The same without a disk: outcomes of this node lie in memory and in Redis alone. Who waits is called on a shard.
  users::OutcomeStore& share_without_disk();
  /// Waits a moment for Redis. Throws std::runtime_error if the nodes that are there cannot work with this one.
  /// `namespaces`: those of the application.
  void start(const std::vector<std::string>& namespaces);
  /// This node goes, its clients will be back here or elsewhere; ends the thread. What comes later is left out.
  void stop();

  /// Has Redis come once, and taken this node in?
  bool has_come() const { return has_come_.load(std::memory_order_relaxed); }
  /// Calls back, on the cluster's thread, with the nodes that live; nothing: Redis does not say.
  void nodes(std::move_only_function<void(std::optional<std::vector<LivingNode>>)> on);
  /// Calls back, on the cluster's thread, with the ids of the nodes that have connected sockets of the user, as far as
  /// it is known here.
  void nodes_of(std::string user, std::move_only_function<void(std::vector<std::string>)> on);
  const Counts& counts() const { return counts_; }
  /// Can requests be carried to other nodes at this moment?
  bool carries() const { return carries_.load(std::memory_order_relaxed); }
  Tunnels& tunnels() { return tunnels_; }
  const Tunnels& tunnels() const { return tunnels_; }
  const std::string& tag() const { return options_.tag; }
  /// Asks the node of that tag whether it has the socket that a client shows. Calls back once, on the cluster's thread,
  /// unless that has ended.
  void find_socket(std::string tag, std::string pid, SocketSearch::Then then);

  bool relays_all() const override { return relays_all_.load(std::memory_order_relaxed); }
  bool has_room() const override { return inbox_.bytes() + whereabouts_.waiting() < options_.queue_bytes; }
  void relay(std::string_view user, FrameRef event, users::Row row) override;
  void relay_to_all(FrameRef notice) override;
  void changed(std::string_view user) override;
  void begin_login(std::string user, unsigned shard, Then then) override;
  void end_login(std::string user) override;

 private:
  /// One of the two connections.
  class Side final : public redis::Client::Observer {
   public:
    Side(Cluster& cluster, std::string_view what) : cluster_(cluster), what_(what) {}
    void on_up() override;
    void on_down(const redis::Error& why) override;
    void on_published(const redis::Published& published) override { cluster_.on_published(published); }

   private:
    Cluster& cluster_;
    const std::string_view what_;
  };

  /// The keeper's connection.
  class KeeperSide final : public redis::Client::Observer {
   public:
    explicit KeeperSide(AdapterPeers& adapter) : adapter_(adapter) {}
    void on_up() override {}
    void on_down(const redis::Error&) override {}
    void on_published(const redis::Published& published) override { adapter_.keep(published.payload); }

   private:
    AdapterPeers& adapter_;
  };

  TimePoint next_deadline() const override;
  void on_event(const reactor::KernelEvent&) override {}
  void on_timer() override;
  void flush() override { channels_to_nodes_.flush(); }

  void send(std::string_view tag, std::string message) override { channels_to_nodes_.add(tag, RelayedTunnel{message}); }

  /// Dropped where the thread has stopped: nobody waits for it then.
  void on_its_thread(std::move_only_function<void()> task) { static_cast<void>(thread_.post(std::move(task))); }
  void put(Inbox::Task task);
  void work();
  void on_task(const Emitted& task);
  void on_task(const Changed& task) { guests_.changed(task.user, thread_.loop().now()); }
  void on_task(LoginBegun task);
  void on_task(const LoginEnded& task) { guests_.login_ended(task.user, thread_.loop().now()); }
  void on_task(const Offered& task) { ledger_->on_task(task); }
  void on_task(const Refused& task) { ledger_->on_task(task); }
  void on_task(const Received& task) { ledger_->on_task(task); }
  void on_task(const Progressed& task) { ledger_->on_task(task, thread_.loop().now()); }
  void on_side_up();
  void agree();
  void ask_again(std::string_view why);
  void on_heard(const std::expected<void, redis::Error>& heard);
  void on_side_down(std::string_view what, const redis::Error& why);
  void on_agreement(const std::optional<Agreement>& theirs);
  void begin();
  void on_nobody(const std::string& node);
  void on_published(const redis::Published& published);
  void on_node_message(std::string_view payload);
  void send(const Emitted& emitted, const NodeStates& nodes);
  void on_unheard(const redis::Error& why) { counts_.unheard.reached({{"why", why.text}}); }
  void let_in(LoginBegun login);

  const ClusterOptions options_;
  users::Directory& directory_;
  const Keys keys_;
  const Channels channels_;
  Counts counts_;
  Inbox inbox_;
  std::atomic<bool> has_come_{false}, relays_all_{true}, carries_{false};
  bool leaving_ = false;
  redis::ClientThread thread_;
  // Before the connections, which write at the end of a turn what these have to say.
  Tunnels tunnels_;
  const std::uint32_t part_;
  Side command_side_, subscriber_side_;
  redis::Client& commands_;
  redis::Client& subscriber_;
  OwnChannels own_channels_;
  NodeChannels channels_to_nodes_;
  SocketSearch search_;
  PresenceLink presence_;
  Whereabouts whereabouts_;
  Guests guests_;
  AdapterPeers adapter_;
  IncomingEvents incoming_;
  KeeperSide keeper_side_;
  std::unique_ptr<Keeper> keeper_;  ///< null: outcomes are not shared
  OutcomeIndex outcomes_;
  NoDisk no_disk_;
  std::unique_ptr<SharedLedger> ledger_;  ///< null: each node keeps its outcomes for itself
  std::unique_ptr<SharedStore> store_;
  std::string id_;          ///< the node's, under which its users were last entered
  bool connected_ = false;  ///< both sides are up, and the nodes agree
  bool started_ = false;
  log::RareWarning refused_;
  TimePoint agree_at_ = kNever, second_at_ = kNever, epoch_at_ = kNever;

  /// What start() waits for, from another thread.
  struct Verdict;
  const std::unique_ptr<Verdict> verdict_;
};

}  // namespace signalbox::cluster
