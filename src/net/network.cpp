#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <stdexcept>
#include <thread>
#include <utility>

#include "base/assert.hpp"
#include "base/log.hpp"
#include "base/service_thread.hpp"
#include "net/descriptors.hpp"
#include "net/listener.hpp"
#include "net/shard.hpp"

namespace signalbox::net {
namespace {

/// Fewer are said, where nobody has set them: 4,096 and 1,024 descriptors are what old systems and some containers
/// give.
constexpr std::size_t kFewConnections = 4000;

/// The session that a request at this path names; empty: none.
std::string sid_in(std::string_view head, std::string_view path) {
  const std::string_view line = head.substr(0, head.find('\r'));
  const std::size_t begin = line.find(' ') + 1, question = line.find('?');
  if (question == line.npos || line.substr(begin, question - begin) != path) return {};
  const std::string_view query = line.substr(question + 1, line.find(' ', question) - question - 1);
  const auto parsed = engineio::parse_query(query);
  return parsed && parsed->sid ? *parsed->sid : std::string();
}

class ShardedNetwork final : public Network {
 public:
  ShardedNetwork(Options options, Factory factory) : shared_(std::move(options)), factory_(std::move(factory)) {
    unsigned& shards = shared_.options.shards;
    if (shards == 0) shards = std::thread::hardware_concurrency();
    shards = std::clamp(shards, 1u, 256u);
  }
  ~ShardedNetwork() override { stop(); }

  void start() override;
  void drain(Milliseconds most, std::function<void()> drained) override;
  void stop() override;
  std::uint16_t port() const override { return side_port(Door::service); }
  std::uint16_t side_port(Door door) const override { return ports_[static_cast<std::size_t>(door)].load(); }
  unsigned shards() const override { return shared_.options.shards; }
  int current_shard() const override {
    const reactor::Loop* loop = reactor::Loop::current();
    return loop && loop->is_among(shared_.loops) ? static_cast<int>(loop->index()) : -1;
  }

  bool post(unsigned shard, Message&& message) override {
    return shard < made() && shared_.shards[shard]->post(std::move(message));
  }
  bool deliver(std::span<const SocketRef> to, FrameRef& frame, std::uint64_t number, bool room_seen) override {
    return reactor::Loop::deliver(shared_.loops, to, frame, number, room_seen);
  }
  void deliver_own() override { reactor::Loop::deliver_own(); }
  bool has_room(unsigned shard, std::size_t count) const override {
    return shard < made() && shared_.shards[shard]->has_room(count);
  }
  void answer(const RequestId& request, Response response) override {
    if (request.shard >= made()) return;
    Shard* shard = shared_.shards[request.shard].get();
    if (shard->is_current()) return shard->answer(request, std::move(response));
    static_cast<void>(shard->post(Message::run(
        [shard, request, response = std::move(response)]() mutable { shard->answer(request, std::move(response)); })));
  }
  void stream(const RequestId& request, Response head, std::unique_ptr<BodySource> body) override {
    shared_.shards[request.shard]->stream(request, head, std::move(body));
  }
  void go_on(const RequestId& request) override { shared_.shards[request.shard]->http().go_on(request); }
  Adoption adopt(Stream stream, std::string head, std::string rest, const PeerAddress& peer) override;
  PendingRequest request(std::string head, std::string body, const PeerAddress& peer, HttpReply reply) override;
  void asker_gone(const PendingRequest& request) override;
  std::optional<Counted> place() override;
  Counters counters() const override;
  const Limits& limits() const override { return shared_.limits; }
  Times times() const override;

 private:
  /// How many shards other threads may look at: all of them or, until the last is made, none.
  unsigned made() const { return made_.load(std::memory_order_acquire); }
  void set_limits(const Descriptors& descriptors);
  void make_shards();
  void open_doors();
  Shard& next_shard() { return *shared_.shards[next_.fetch_add(1, std::memory_order_relaxed) % made()]; }

  Shared shared_;
  Factory factory_;
  std::vector<std::thread> threads_;
  std::atomic<unsigned> made_{0};
  std::vector<std::pair<Door, Listeners>> doors_;  ///< until the shards take them
  std::array<std::atomic<std::uint16_t>, kDoors> ports_{};
  std::atomic<unsigned> next_{0};  ///< shard, for what has none yet
  std::atomic<std::uint64_t> requests_{0};
};

void ShardedNetwork::start() {
  SB_ASSERT(shared_.shards.empty());
  const Options& options = shared_.options;
  const std::size_t limit = raise_descriptor_limit(), open = open_descriptors();
  open_doors();
  std::size_t beside = 0;
  for (const auto& [door, listeners] : doors_)
    if (door != Door::service) beside += listeners.of_shard.front().size() + kMaxAtDoor;
  const bool listens = !doors_.empty() && doors_.front().first == Door::service;
  const Descriptors descriptors{.limit = limit,
                                .open = open,
                                .shards = options.shards,
                                .addresses = listens ? doors_.front().second.of_shard.front().size() : 0,
                                .beside = beside};
  set_limits(descriptors);
  make_room_for_descriptors(std::min(limit, descriptors_for(shared_.limits.connections.value(), descriptors)));
  make_shards();
  try {
    for (auto& shard : shared_.shards)
      threads_.push_back(service_thread([&shard = *shard] {
        while (!shard.stopped()) shard.turn();
      }));
  } catch (const std::exception&) {
    stop();  // half of them serve nobody
    throw;
  }
}

void ShardedNetwork::set_limits(const Descriptors& descriptors) {
  const Options& options = shared_.options;
  const std::size_t fitting = connections_within(descriptors);
  if (fitting == 0) {
    throw std::runtime_error(
        fmt::format("{} descriptors are too few for THREADS={} with {} open already: {} are the least that is of use; "
                    "raise `ulimit -n` (systemd: LimitNOFILE), or take fewer THREADS",
                    descriptors.limit, options.shards, descriptors.open, descriptors_for(100, descriptors)));
  }
  if (options.max_connections > fitting) {
    log::warn(
        "MAX_CONNECTIONS is more than descriptors allow, past which connections are closed unanswered: raise "
        "`ulimit -n` (systemd: LimitNOFILE), or lower it",
        {{"descriptors", std::to_string(descriptors.limit)},
         {"needed", std::to_string(descriptors_for(options.max_connections, descriptors))}});
  }
  if (options.max_connections == 0 && options.listen && fitting < kFewConnections) {
    log::warn(
        "descriptors allow few connections: raise `ulimit -n` (systemd: LimitNOFILE), or set MAX_CONNECTIONS to "
        "as many as are enough",
        {{"descriptors", std::to_string(descriptors.limit)}, {"max_connections", std::to_string(fitting)}});
  }
  Limit &connections = shared_.limits.connections, &unauthenticated = shared_.limits.unauthenticated;
  if (connections.value() == 0) connections.set(fitting);
  if (unauthenticated.value() == 0) unauthenticated.set(std::max<std::size_t>(1000, connections.value() / 10));
  log::info("limits", {{"descriptors", std::to_string(descriptors.limit)},
                       {"max_connections", std::to_string(connections.value())},
                       {"max_unauthenticated", std::to_string(unauthenticated.value())}});
}

void ShardedNetwork::open_doors() {
  const Options& options = shared_.options;
  if (options.listen)
    doors_.emplace_back(Door::service,
                        listen_on({options.host, options.port}, options.shards, options.tcp_user_timeout));
  for (const auto& [door, host, port, prefix] : options.side_ports)
    doors_.emplace_back(door, listen_on({host, port, prefix}, 1, options.tcp_user_timeout));
}

void ShardedNetwork::make_shards() {
  const unsigned count = shared_.options.shards;
  for (unsigned i = 0; i < count; ++i) {
    shared_.shards.push_back(std::make_unique<Shard>(shared_, reactor::make_epoll_kernel()));
  }
  for (unsigned i = 0; i < count; ++i) shared_.shards[i]->set_application(factory_(i));
  for (auto& [door, listeners] : std::exchange(doors_, {})) {
    for (std::size_t i = 0; i < listeners.of_shard.size(); ++i)
      for (auto& fd : listeners.of_shard[i]) shared_.shards[i]->add_listener(fd.release(), door);
    ports_[static_cast<std::size_t>(door)].store(listeners.port);
  }
  made_.store(count, std::memory_order_release);
}

void ShardedNetwork::drain(Milliseconds most, std::function<void()> drained) {
  const auto pace = drain_pace(shared_.sessions.load(), most);
  for (unsigned i = 0; i < made(); ++i) {
    Shard* one = shared_.shards[i].get();
    static_cast<void>(one->post(Message::run([one, pace, drained] { one->begin_drain(pace, drained); })));
  }
}

// Any shard will do: it passes requests on to their sessions' shards, as those of connections that it accepts.
Adoption ShardedNetwork::adopt(Stream stream, std::string head, std::string rest, const PeerAddress& peer) {
  const Options& options = shared_.options;
  if (made() == 0) return Adoption::not_running;
  if (!prepare_connection(stream.fd(), options.tcp_user_timeout)) return Adoption::not_a_connection;
  if (head.size() + rest.size() > options.max_head_bytes + options.session.max_payload_bytes)
    return Adoption::too_large;
  Shard& shard = next_shard();
  auto waiting = Counted::within(options.total_partial_bytes, shared_.partial.all, head.size() + rest.size());
  auto place = shared_.place();
  const bool mailbox_has_room = shard.has_room(1);
  if (!waiting || !place || !mailbox_has_room) {
    shared_.limits.handed_over.reached();
    if (!mailbox_has_room) return Adoption::no_room;
    static_cast<void>(shard.post(Message::run(
        [&shard, stream = std::move(stream), peer]() mutable { shard.http().turn_away(std::move(stream), peer); })));
    return Adoption::no_room;
  }
  const bool taken =
      shard.post(Message::run([&shard, stream = std::move(stream), peer, place = std::move(*place),
                               waiting = std::move(*waiting), bytes = std::move(head.append(rest))]() mutable {
        shard.http().adopt(std::move(stream), peer, std::move(place), std::move(bytes));
      }));
  return taken ? Adoption::adopted : Adoption::not_running;
}

// On the shard of its session from the start: there is no connection that would have to stay where it is.
PendingRequest ShardedNetwork::request(std::string head, std::string body, const PeerAddress& peer, HttpReply reply) {
  const Options& options = shared_.options;
  Reply answer(std::move(reply));
  if (made() == 0) return {};
  PendingRequest pending{.shard = 0, .number = requests_.fetch_add(1), .sid = sid_in(head, options.path)};
  const auto owner = shard_of(shared_, pending.sid);
  Shard& shard = owner ? *shared_.shards[*owner] : next_shard();
  pending.shard = shard.index();
  auto bytes = Counted::within(options.total_partial_bytes, shared_.partial.all, head.size() + body.size());
  auto place = shared_.place();
  if (!bytes || !place || !shard.has_room(1)) {
    shared_.limits.handed_over.reached();
    return pending;
  }
  AskedRequest asked{.id = Askers::id_of(pending),
                     .head = std::move(head),
                     .body = std::move(body),
                     .peer = peer,
                     .reply = std::move(answer),
                     .place = std::move(*place),
                     .bytes = std::move(*bytes)};
  static_cast<void>(
      shard.post(Message::run([&shard, asked = std::move(asked)]() mutable { shard.asked().take(std::move(asked)); })));
  return pending;
}

void ShardedNetwork::asker_gone(const PendingRequest& request) {
  if (request.shard >= made()) return;
  Shard& shard = *shared_.shards[request.shard];
  static_cast<void>(shard.post(
      Message::run([&shard, id = Askers::id_of(request), sid = request.sid] { shard.asked().forget(id, sid); })));
}

std::optional<Counted> ShardedNetwork::place() {
  auto place = shared_.place();
  if (!place) shared_.limits.connections.reached();
  return place;
}

// Before the last shard is made, nobody may look at the others.
Network::Counters ShardedNetwork::counters() const {
  return made() == 0 ? Counters{} : counters_of(shared_);
}

Network::Times ShardedNetwork::times() const {
  return made() == 0 ? Times{} : times_of(shared_);
}

void ShardedNetwork::stop() {
  SB_ASSERT(current_shard() < 0);
  if (threads_.empty()) return;
  for (auto& shard : shared_.shards) {
    Shard* one = shard.get();
    static_cast<void>(one->post(Message::run([one] { one->begin_stop(); })));
  }
  for (auto& thread : threads_) thread.join();
  threads_.clear();
}

}  // namespace

Clock::duration drain_pace(std::size_t sessions, Milliseconds most) {
  constexpr Clock::duration kPace = Milliseconds{5};
  return sessions == 0 ? kPace : std::min(kPace, Clock::duration(most) / static_cast<std::int64_t>(sessions));
}

std::unique_ptr<Network> Network::create(Options options, Factory factory) {
  return std::make_unique<ShardedNetwork>(std::move(options), std::move(factory));
}

}  // namespace signalbox::net
