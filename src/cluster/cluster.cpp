#include "cluster/cluster.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <future>
#include <stdexcept>
#include <utility>

#include "base/random.hpp"

namespace signalbox::cluster {
namespace {

constexpr Milliseconds kSecond{1000}, kFarewell{500}, kEpochEach{5000};
constexpr std::chrono::seconds kWaitAtStart{2};

redis::ClientOptions client_options(const ClusterOptions& options, redis::ConnectionOptions::Mode mode,
                                    std::string_view tag) {
  redis::ClientOptions client{.url = options.url, .connection = {.mode = mode}};
  client.connection.identity.name = "signalbox:" + std::string(tag);
  return client;
}

UnpackLimits unpack_limits(const users::EmitLimits& limits) {
  constexpr std::size_t kAttachments = 10;
  return {.bytes = limits.data_bytes, .depth = limits.json_depth + kAdapterEnvelope, .attachments = kAttachments};
}

/// A node that may be silent for longer has longer for an answer. A client waits for that.
Milliseconds answer_time(Milliseconds lease) {
  constexpr Milliseconds kLeast{200}, kMost{2000};
  return std::clamp(lease / 25, kLeast, kMost);
}

/// What others are told of this node.
std::string about(std::string_view tag, const ClusterOptions& options) {
  return fmt::format(R"({{"tag":"{}","version":"{}","started":{}}})", tag, options.version, coarse_unix_ms());
}

}  // namespace

struct Cluster::Verdict {
  std::promise<std::string> promise{};  ///< why this node cannot work with the others; empty: it can
  bool told = false;                    ///< the cluster's thread

  void tell(std::string why) {
    if (!std::exchange(told, true)) promise.set_value(std::move(why));
  }
};

Cluster::Cluster(ClusterOptions options, users::Directory& directory, users::Emitter& emitter, RoomActions& rooms,
                 Tunnels::Server server)
    : options_(std::move(options)),
      directory_(directory),
      keys_(options_.prefix, options_.url.database, kPartitions),
      channels_(options_.key),
      tunnels_(thread_, *this, std::move(server), {.budget = options_.queue_bytes}),
      part_(thread_.add(*this)),
      command_side_(*this, "commands"),
      subscriber_side_(*this, "subscriptions"),
      commands_(
          thread_.add(client_options(options_, redis::ConnectionOptions::Mode::commands, options_.tag), command_side_)),
      subscriber_(thread_.add(client_options(options_, redis::ConnectionOptions::Mode::subscriber, options_.tag),
                              subscriber_side_)),
      own_channels_(subscriber_, [this](const redis::Error& why) { on_unheard(why); }),
      channels_to_nodes_(commands_, keys_, options_.tag, counts_,
                         {.nobody = [this](const std::string& node) { on_nobody(node); },
                          .outcomes =
                              [this] {
                                if (ledger_) ledger_->on_unpublished();
                              }}),
      search_(
          [this](std::string_view tag, const NodePart& part) {
            std::visit([&](const auto& one) { channels_to_nodes_.add(tag, one); }, part);
          },
          options_.has_socket, answer_time(options_.times.lease)),
      presence_({.times = options_.times,
                 .make_id = [] { return random_base62(kNameCharacters); },
                 .about = about(options_.tag, options_),
                 .unheard = [this](const redis::Error& why) { on_unheard(why); }},
                commands_, subscriber_, keys_, directory.presence),
      whereabouts_(presence_, [this](const Emitted& emitted, const NodeStates& nodes) { send(emitted, nodes); }),
      guests_({.here = [&directory](std::string_view user) { return directory.sockets.here(user); },
               .ready = [this](LoginBegun login) { let_in(std::move(login)); },
               .gone =
                   [this](const std::string& user) {
                     if (ledger_) ledger_->on_gone(user);
                   },
               .unheard = [this](const redis::Error& why) { on_unheard(why); },
               .back =
                   [this](const std::string& user) {
                     if (ledger_) ledger_->bring(user);
                   },
               .later =
                   [this](const std::string& user) {
                     if (ledger_) ledger_->read_later(user);
                   }},
              presence_.node, subscriber_, channels_, options_.all_users),
      adapter_({.sender = options_.prefix + ":",
                .limits = unpack_limits(options_.limits),
                .emit_limits = options_.limits,
                .all_users = options_.all_users},
               channels_, commands_, directory, emitter, rooms, guests_, counts_),
      incoming_(directory, emitter, guests_, counts_, options_.limits.json_depth),
      keeper_side_(adapter_),
      outcomes_(commands_, keys_, options_.kept),
      verdict_(std::make_unique<Verdict>()) {}

Cluster::~Cluster() {
  stop();
}

users::OutcomeStore& Cluster::share(users::OutcomeStore& disk, std::string name, OfferedGroups::CallBack call_back) {
  const auto post = [this](std::move_only_function<void()> task) { static_cast<void>(thread_.post(std::move(task))); };
  ledger_ = std::make_unique<SharedLedger>(
      std::move(name),
      SharedLedger::Around{.directory = directory_,
                           .disk = disk,
                           .nodes = channels_to_nodes_,
                           .post = post,
                           .call_back = std::move(call_back),
                           .is_here = [this](std::string_view user) { return guests_.has(user); },
                           .relay = [this](const Emitted& emitted) { whereabouts_.route(emitted); }},
      outcomes_, options_.limits.json_depth);
  store_ = std::make_unique<SharedStore>(disk, ledger_->groups, [this](Inbox::Task task) { put(std::move(task)); });
  adapter_.set_ledger(*ledger_);
  incoming_.set_ledger(*ledger_);
  redis::Client& own = thread_.add(
      client_options(options_, redis::ConnectionOptions::Mode::subscriber, options_.tag + ":keeper"), keeper_side_);
  keeper_ = std::make_unique<Keeper>(commands_, own, keys_, channels_, options_.tag);
  adapter_.set_keeps([this] { return keeper_->keeps(); });
  return *store_;
}

users::OutcomeStore& Cluster::share_without_disk() {
  return share(no_disk_, options_.tag + std::string(OutcomeName::kInMemory),
               [this](std::move_only_function<void()> then) {
                 // Refused only by shards that have stopped.
                 static_cast<void>(directory_.mailboxes().post(0, Message::run(std::move(then))));
               });
}

void Cluster::start(const std::vector<std::string>& namespaces) {
  using Need = OwnChannels::Need;
  own_channels_.add(OwnChannels::Kind::channel, keys_.node(options_.tag), Need::must);
  own_channels_.add(OwnChannels::Kind::channel, keys_.all_nodes(), Need::must);
  if (ledger_) own_channels_.add(OwnChannels::Kind::channel, keys_.node(ledger_->home()), Need::must);
  adapter_.add_channels(own_channels_, namespaces);
  auto verdict = verdict_->promise.get_future();
  thread_.start();
  started_ = true;
  if (verdict.wait_for(kWaitAtStart) != std::future_status::ready) return;
  if (const std::string why = verdict.get(); !why.empty()) throw std::runtime_error(why);
}

// That this node goes is said before the connection ends; a Redis that does not answer is not waited for long.
void Cluster::stop() {
  if (!std::exchange(started_, false)) return;
  std::promise<void> said;
  auto heard = said.get_future();
  const bool posted = thread_.post([this, said = std::move(said)]() mutable {
    leaving_ = true;
    presence_.leave();
    if (keeper_) keeper_->leave();
    carries_ = false;
    tunnels_.close_all();
    channels_to_nodes_.flush();
    commands_.send({"PING"}, [said = std::move(said)](const redis::Answer&) mutable { said.set_value(); }, kFarewell);
  });
  if (posted) heard.wait_for(kFarewell);
  thread_.stop();
  if (ledger_) ledger_->groups.end_all();
}

void Cluster::nodes(std::move_only_function<void(std::optional<std::vector<LivingNode>>)> on) {
  on_its_thread([this, on = std::move(on)]() mutable { presence_.index.nodes(std::move(on)); });
}

void Cluster::nodes_of(std::string user, std::move_only_function<void(std::vector<std::string>)> on) {
  on_its_thread([this, user = std::move(user), on = std::move(on)]() mutable {
    std::vector<std::string> ids;
    if (directory_.sockets.here(user).connected != 0) ids.push_back(id_);
    for (const NodeState& each : presence_.elsewhere(user))
      if (each.state.sockets != 0) ids.emplace_back(each.node);
    on(std::move(ids));
  });
}

void Cluster::find_socket(std::string tag, std::string pid, SocketSearch::Then then) {
  on_its_thread([this, tag = std::move(tag), pid = std::move(pid), then = std::move(then)]() mutable {
    connected_ ? search_.ask(tag, pid, std::move(then), thread_.loop().now()) : then(false);
  });
}

void Cluster::relay(std::string_view user, FrameRef event, users::Row row) {
  put(Emitted{.user = std::string(user), .event = std::move(event), .row = row});
}

void Cluster::relay_to_all(FrameRef notice) {
  put(Emitted{.user = {}, .event = std::move(notice)});
}

void Cluster::changed(std::string_view user) {
  put(Changed{std::string(user)});
}

void Cluster::begin_login(std::string user, unsigned shard, Then then) {
  put(LoginBegun{.user = std::move(user), .shard = shard, .then = std::move(then)});
}

void Cluster::end_login(std::string user) {
  put(LoginEnded{std::move(user)});
}

void Cluster::put(Inbox::Task task) {
  if (inbox_.put(std::move(task))) static_cast<void>(thread_.post([this] { work(); }));
}

void Cluster::work() {
  for (Inbox::Task& task : inbox_.take()) std::visit([this](auto& one) { on_task(std::move(one)); }, task);
}

void Cluster::on_task(const Emitted& task) {
  if (!connected_) return;
  whereabouts_.route(task);
  if (adapter_.listen()) adapter_.publish(task);
}

void Cluster::send(const Emitted& emitted, const NodeStates& nodes) {
  RelayedEvent event{.user = emitted.user,
                     .kind = emitted.event->kind(),
                     .packet = emitted.event->packet(),
                     .job_id = emitted.event->name()};
  if (ledger_ && emitted.row != 0) {
    event.home = ledger_->home();
    event.row = emitted.row;
  }
  counts_.events_out.fetch_add(1, std::memory_order_relaxed);
  if (emitted.user.empty()) return channels_to_nodes_.add_for_all(event);
  for (const NodeState& each : nodes) channels_to_nodes_.add(each.node, event);
}

// Where Redis does not answer nobody waits for it: what is emitted on this node is heard at any time.
void Cluster::on_task(LoginBegun task) {
  const TimePoint now = thread_.loop().now();
  connected_ ? guests_.login_begun(std::move(task), now) : guests_.login_begun_alone(std::move(task), now);
}

void Cluster::let_in(LoginBegun login) {
  const std::string user = login.user;
  const bool late = login.late;
  auto go_on = [this, login = std::move(login)]() mutable {
    // Refused only by shards that have stopped.
    static_cast<void>(directory_.mailboxes().post(login.shard, Message::run(std::move(login.then))));
  };
  if (!ledger_ || late) {
    if (ledger_) ledger_->read_later(user);
    return go_on();
  }
  ledger_->prepare(user, std::move(go_on));
}

void Cluster::Side::on_up() {
  cluster_.on_side_up();
}

void Cluster::Side::on_down(const redis::Error& why) {
  cluster_.on_side_down(what_, why);
}

void Cluster::on_side_up() {
  if (commands_.is_up() && subscriber_.is_up()) agree();
}

void Cluster::agree() {
  agree_at_ = kNever;
  presence_.index.agree({.partitions = kPartitions, .protocol = kProtocol},
                        [this](const std::optional<Agreement>& theirs) { on_agreement(theirs); });
}

// A Redis that is still loading its data is asked again.
void Cluster::on_agreement(const std::optional<Agreement>& theirs) {
  if (connected_ || leaving_ || !commands_.is_up() || !subscriber_.is_up()) return;
  if (!theirs) return ask_again("it runs no scripts for its user");
  if (const auto right = check_agreement({.partitions = kPartitions, .protocol = kProtocol}, *theirs); !right) {
    verdict_->tell(right.error());
    return log::error("this node stays alone", {{"why", right.error()}});
  }
  own_channels_.hear([this](const std::expected<void, redis::Error>& heard) { on_heard(heard); });
}

void Cluster::ask_again(std::string_view why) {
  refused_.write("Redis refuses what this node needs, which stays alone: docs/scaling.md has the line of its ACL",
                 {{"redis", to_text(options_.url)}, {"why", std::string(why)}});
  agree_at_ = thread_.loop().now() + kSecond;
}

// Who may not hear this may not hear the rest.
void Cluster::on_heard(const std::expected<void, redis::Error>& heard) {
  heard ? begin() : ask_again(heard.error().text);
}

void Cluster::begin() {
  if (connected_ || !commands_.is_up() || !subscriber_.is_up()) return;
  connected_ = true;
  tunnels_.on_bus_up();
  carries_ = true;
  presence_.on_connected(thread_.loop().now());
  id_ = presence_.node.id();
  guests_.on_entered_again();
  if (ledger_) {
    ledger_->on_connected();
    keeper_->on_connected(thread_.loop().now());
  }
  second_at_ = thread_.loop().now();
  epoch_at_ = second_at_ + kEpochEach;
  const bool again = has_come_.exchange(true);
  if (again) counts_.reconnects.fetch_add(1, std::memory_order_relaxed);
  log::info(again ? "Redis is back: this node is one of several again" : "this node is one of several",
            {{"redis", to_text(options_.url)}, {"node", presence_.node.id()}});
  verdict_->tell({});
}

void Cluster::on_side_down(std::string_view what, const redis::Error& why) {
  log::warn(has_come_ ? "there is no connection to Redis: this node serves alone, and keeps its outcomes itself"
                      : "there is no connection to Redis yet: this node serves alone, and is not ready",
            {{"connection", std::string(what)}, {"redis", to_text(options_.url)}, {"why", why.text}});
  verdict_->tell({});
  own_channels_.on_lost();
  guests_.on_lost();
  if (!std::exchange(connected_, false)) return;
  second_at_ = kNever;
  carries_ = false;
  relays_all_ = true;
  tunnels_.on_bus_lost();
  search_.on_bus_lost();
  presence_.on_lost();
  if (ledger_) {
    ledger_->on_lost();
    keeper_->on_lost();
  }
}

TimePoint Cluster::next_deadline() const {
  return std::min({agree_at_, presence_.next_deadline(), guests_.next_deadline(), search_.next_deadline(), second_at_,
                   ledger_ ? std::min(ledger_->next_deadline(), keeper_->next_deadline()) : kNever});
}

void Cluster::on_timer() {
  const TimePoint now = thread_.loop().now();
  if (now >= agree_at_) agree();
  presence_.on_timer(now);
  guests_.on_timer(now);
  search_.on_timer(now);
  if (ledger_) {
    ledger_->on_timer(now);
    keeper_->on_timer(now);
    counts_.offered_again.store(ledger_->offered_again(), std::memory_order_relaxed);
  }
  if (connected_ && std::exchange(id_, presence_.node.id()) != presence_.node.id()) guests_.on_entered_again();
  if (now < second_at_) return;
  second_at_ = now + kSecond;
  adapter_.look_for_servers();
  relays_all_.store(adapter_.listen() || !presence_.complete(), std::memory_order_relaxed);
  if (!ledger_ || now < epoch_at_) return;
  epoch_at_ = now + kEpochEach;
  ledger_->look_at_epoch();
}

void Cluster::on_nobody(const std::string& node) {
  tunnels_.on_node_gone(node);
  search_.on_node_gone(node);
}

void Cluster::on_published(const redis::Published& published) {
  if (presence_.on_published(published)) return;
  if (adapter_.on_published(published)) return;
  on_node_message(published.payload);
}

void Cluster::on_node_message(std::string_view payload) {
  const auto message = read_node_message(payload);
  if (!message) return counts_.unreadable.reached({{"why", std::string(message.error())}});
  if (message->sender == options_.tag) return;
  for (const NodePart& part : message->parts) {
    if (const auto* event = std::get_if<RelayedEvent>(&part)) incoming_.take(*event);
    if (const auto* tunnel = std::get_if<RelayedTunnel>(&part)) tunnels_.on_message(message->sender, tunnel->message);
    if (const auto* receipt = std::get_if<RelayedReceipt>(&part); receipt && ledger_)
      ledger_->on_receipt(message->sender, *receipt, thread_.loop().now());
    if (const auto* thanks = std::get_if<RelayedThanks>(&part); thanks && ledger_) ledger_->on_thanks(*thanks);
    if (const auto* one = std::get_if<RelayedReplacement>(&part); one && ledger_) ledger_->on_replacement(*one);
    if (const auto* question = std::get_if<SocketQuestion>(&part)) search_.on_question(message->sender, *question);
    if (const auto* answer = std::get_if<SocketAnswer>(&part)) search_.on_answer(message->sender, *answer);
  }
}

}  // namespace signalbox::cluster
