#include <signalbox/websocket_service.hpp>

#include <algorithm>
#include <atomic>
#include <optional>
#include <thread>
#include <utility>

#include "auth/jwt.hpp"
#include "base/log.hpp"
#include "base/mutex.hpp"
#include "base/service_thread.hpp"
#include "server/assembly.hpp"
#include "server/file_routes.hpp"
#include "server/handed_over.hpp"
#include "server/io.hpp"
#include "server/start_look.hpp"
#include "server/stop_event.hpp"
#include "server/stop_signals.hpp"
#include "store/sqlite_store.hpp"

namespace signalbox {

class WebSocketService::Impl {
 public:
  /// The calling thread uses its log.
  Impl(Config config, const log::LogRef& log);
  ~Impl();

  void start();
  void run(const std::function<void()>& when_started);
  void drain();
  void stop();

  const Config config;
  const log::LogRef log;
  log::RareError reply_threw;  ///< of who asked by handle()
  server::ForeignRequests foreign;
  const std::unique_ptr<net::Network> network;
  server::Assembly house;
  Io::Impl io;
  // Declared after the parts that it calls back: it writes until its end, and they must be there then.
  std::unique_ptr<store::SqliteStore> store;

 private:
  enum class State : std::uint8_t { made, running, stopped };

  void start_made(const server::StopEvent* ending) SB_REQUIRES(mutex_);
  void tell_side_ports() const;
  void open_store(const server::StopEvent* ending);
  void tell(const std::function<void()>& when_started);
  void end(server::StopEvent& ending);
  void drain(server::StopEvent& ending);
  bool wait_for_commits(server::StopEvent& ending);
  void end_by(TimePoint at) {
    const Lock lock(mutex_);
    end_by_ = at;
  }
  Milliseconds time_for_the_disk() const SB_REQUIRES(mutex_);
  void stop_here();
  void stop_elsewhere();
  bool running() const {
    const Lock lock(mutex_);
    return state_ == State::running;
  }

  std::atomic<bool> drained_{false};         ///< no session is left
  std::atomic<bool> awaits_commits_{false};  ///< before clients are closed

  // Held while starting and stopping, which any thread may ask for, and two at once.
  mutable Mutex mutex_;
  State state_ SB_GUARDED_BY(mutex_) = State::made;
  server::StopEvent* waiting_ SB_GUARDED_BY(mutex_) = nullptr;  ///< of the thread that is in run() or drain()
  std::optional<TimePoint> end_by_ SB_GUARDED_BY(mutex_);       ///< once it drains
  std::atomic<bool> stop_wanted_{false};                        ///< for good
  // Of its own: handlers, which run on every shard, must not wait for `mutex_` while a stop waits for them.
  Mutex stopper_mutex_;
  std::thread stopper_ SB_GUARDED_BY(stopper_mutex_);  ///< carries out the stop that a thread of the service wanted
};

WebSocketService::Impl::Impl(Config given, const log::LogRef& own)
    : config(std::move(given)),
      log(own),
      foreign(config),
      network(net::Network::create(foreign.options(config), [this](unsigned shard) { return house.shard(shard); })),
      house(config, *network, {}, &foreign),
      io(house.hub) {}

void WebSocketService::Impl::start() {
  const Lock lock(mutex_);
  if (state_ != State::made)
    throw StartError("The service was started or stopped before: make a new one to start again.");
  start_made(nullptr);
}

void WebSocketService::Impl::start_made(const server::StopEvent* ending) {
  state_ = State::stopped;  // until all is done: half a start is not taken up again
  house.registry.start(config);
  if (!config.api_key.empty() && config.api_key.size() < auth::kShortSecretBytes)
    log::warn("API_KEY is shorter than 32 bytes: a short key can be guessed; use 32 random bytes or more");
  if (!config.admin_key.empty() && config.admin_key.size() < auth::kShortSecretBytes)
    log::warn("ADMIN_KEY is shorter than 32 bytes: a short key can be guessed; use 32 random bytes or more");
  open_store(ending);
  server::check_start(config);
  if (config.serve_client) server::add_client_scripts(house.routes, config.path);
  house.hub.emitter.set_running(true);
  try {
    if (house.cluster) house.cluster->start(house.registry.names());
    if (house.queues) house.queues->start();
    network->start();
  } catch (const std::exception& error) {
    house.hub.emitter.set_running(false);
    if (house.queues) house.queues->stop();
    if (house.cluster) house.cluster->stop();
    throw StartError(error.what());
  }
  state_ = State::running;
  tell_side_ports();
  if (!config.listen) return log::info("started without a port", {{"threads", std::to_string(network->shards())}});
  log::info("listening", {{"host", config.host.empty() ? "all addresses" : config.host},
                          {"port", std::to_string(network->port())},
                          {"threads", std::to_string(network->shards())}});
}

void WebSocketService::Impl::tell_side_ports() const {
  for (const net::SidePort& side : net::side_ports_of(config)) {
    log::info(side.door == net::Door::metrics ? "listening for metrics" : "listening for the admin page",
              {{"host", side.host.empty() ? "all addresses" : side.host},
               {"port", std::to_string(network->side_port(side.door))}});
  }
}

void WebSocketService::Impl::open_store(const server::StopEvent* ending) {
  if (config.data_dir.empty()) {
    if (house.cluster) {
      house.directory.open(house.cluster->share_without_disk(), Clock::now());
      return log::warn("DATA_DIR is empty: outcomes of this node lie in Redis and in memory alone");
    }
    return log::info("DATA_DIR is empty: outcomes are kept in memory alone, and a restart loses them");
  }
  try {
    const auto give_up = [this, ending] { return stop_wanted_ || (ending && ending->pending()); };
    store = std::make_unique<store::SqliteStore>(
        config.data_dir,
        store::SqliteStore::Options{.queue = config, .unique_rows = house.cluster != nullptr, .give_up = give_up});
    const auto call_back = [&disk = *store](std::move_only_function<void()> call) { disk.call_back(std::move(call)); };
    house.set_store(*store);
    users::OutcomeStore& kept = house.cluster ? house.cluster->share(*store, store->name(), call_back) : *store;
    house.directory.open(kept, Clock::now());
  } catch (const std::runtime_error& error) {
    throw StartError(std::string("the store of outcomes cannot be opened: ") + error.what());
  }
}

void WebSocketService::Impl::run(const std::function<void()>& when_started) {
  server::StopEvent ending;
  const server::StopSignals signals(ending);  // before the first client can connect: one that comes from then on drains
  {
    const Lock lock(mutex_);
    try {
      if (state_ == State::made) start_made(&ending);
    } catch (const StartError& error) {
      if (!ending.pending() && !stop_wanted_) throw;
      return log::warn("stopped before the start was over", {{"what", error.what()}});
    }
    if (state_ == State::stopped) return;
  }
  if (when_started) tell(when_started);
  {
    const Lock lock(mutex_);
    if (state_ == State::stopped) return;
    waiting_ = &ending;
  }
  ending.wait();
  end(ending);
}

void WebSocketService::Impl::drain() {
  server::StopEvent ending;
  {
    const Lock lock(mutex_);
    if (waiting_) return waiting_->wake();
    if (state_ == State::running) waiting_ = &ending;
  }
  end(ending);
}

void WebSocketService::Impl::end(server::StopEvent& ending) {
  if (running()) drain(ending);
  {
    const Lock lock(mutex_);
    waiting_ = nullptr;
  }
  stop_here();
}

void WebSocketService::Impl::tell(const std::function<void()>& when_started) {
  try {
    when_started();
  } catch (...) {
    stop_here();
    throw;
  }
}

// A second signal, stop() or the end of the last client ends it early. In any case stop() follows.
void WebSocketService::Impl::drain(server::StopEvent& ending) {
  log::info("not ready any more", {{"shutdown_delay_ms", std::to_string(config.shutdown_delay.count())}});
  house.api.set_ready(false);
  if (ending.wait_for(config.shutdown_delay)) return end_by(Clock::now());
  log::info("draining", {{"sessions", std::to_string(network->counters().sessions)}});
  const TimePoint end = Clock::now() + config.drain;
  end_by(end);
  house.directory.hold_presence();
  if (!wait_for_commits(ending)) return end_by(Clock::now());
  const auto left = std::max(Milliseconds{0}, std::chrono::ceil<Milliseconds>(end - Clock::now()));
  network->drain(left, [this, &ending] {
    drained_ = true;
    ending.wake();
  });
  if (ending.wait_for(left) && !drained_) end_by(Clock::now());
}

// Clients that are closed come back soon, perhaps to another server. A disk that takes long gets a part of the time
// alone: the clients' ends are spread over the rest. False: a second signal has come.
bool WebSocketService::Impl::wait_for_commits(server::StopEvent& ending) {
  if (!store) return true;
  const Milliseconds patience = std::min(Milliseconds{1000}, config.drain / 5);
  awaits_commits_ = true;
  store->when_committed(store->new_group(), [this, &ending](users::Commit) {
    if (awaits_commits_.exchange(false)) ending.wake();
  });
  const bool woken = ending.wait_for(patience);
  const bool committed = !awaits_commits_.exchange(false);
  if (committed && !woken) ending.wait();  // for the wake that is on its way
  return committed || !woken;
}

void WebSocketService::Impl::stop() {
  on_service_thread() ? stop_elsewhere() : stop_here();
}

// A thread of the service cannot wait for its own end: another one does.
void WebSocketService::Impl::stop_elsewhere() {
  const Lock lock(stopper_mutex_);
  if (!stop_wanted_ && !stopper_.joinable()) stopper_ = service_thread([this] { stop_here(); });
}

void WebSocketService::Impl::stop_here() {
  stop_wanted_ = true;
  const Lock lock(mutex_);
  if (waiting_) waiting_->wake();
  const State before = std::exchange(state_, State::stopped);
  if (before != State::running) return;
  const ServiceWork calls_who_waits_for_the_store;
  log::info("stopping");
  if (house.queues) house.queues->stop();
  house.hub.emitter.set_running(false);
  house.directory.hold_presence();
  if (store) store->settle(time_for_the_disk());  // while those who wait can be answered
  if (house.cluster) house.cluster->stop();
  network->stop();
  house.directory.hold_presence();  // with who came while the shards ended
  house.tell_counts();
  if (store) store->close(time_for_the_disk());
  log::info("stopped");
}

// Handlers may ask for a stop until the last call of the store: only then is it known whether there is a thread to
// join.
WebSocketService::Impl::~Impl() {
  stop_here();
  store.reset();
  const Lock lock(stopper_mutex_);
  if (stopper_.joinable()) stopper_.join();
}

// Until DRAIN_MS are over, and a little at least.
Milliseconds WebSocketService::Impl::time_for_the_disk() const {
  constexpr Milliseconds kLeast{500};
  const TimePoint now = Clock::now();
  return std::max(kLeast, std::chrono::ceil<Milliseconds>(end_by_.value_or(now + config.drain) - now));
}

WebSocketService::WebSocketService(Config config) {
  const auto log = std::make_shared<log::Log>(config.log_level, config.log_format == "json", config.log_sink);
  const log::Use own(log);
  impl_ = std::make_unique<Impl>(std::move(config), log);
}

WebSocketService::~WebSocketService() {
  const log::LogRef log = impl_->log;
  const log::Use own(log);
  impl_.reset();
}

EventRegistry WebSocketService::events(std::string nsp) {
  return impl_->house.registry.events(std::move(nsp));
}

void WebSocketService::serve(std::string path, Route route) {
  impl_->house.routes.add(std::move(path), std::move(route));
}

bool WebSocketService::serve_demo_page() {
  return server::add_demo_page(impl_->house.routes);
}

Adoption WebSocketService::adopt(int fd, std::string head, std::string rest, std::string_view remote_address) {
  const log::Use own(impl_->log);
  const auto peer = remote_address.empty() ? reactor::peer_address(fd) : reactor::peer_address(remote_address);
  return impl_->network->adopt(net::Stream(net::OwnedFd(fd)), std::move(head), std::move(rest), peer);
}

PendingRequest WebSocketService::handle(HttpRequest request, HttpReply reply) {
  const log::Use own(impl_->log);
  return impl_->network->request(server::head_of(request), std::move(request.body),
                                 reactor::peer_address(request.remote_address),
                                 server::guarded(std::move(reply), impl_->reply_threw));
}

void WebSocketService::asker_gone(const PendingRequest& request) {
  impl_->network->asker_gone(request);
}

void WebSocketService::start() {
  const log::Use own(impl_->log);
  impl_->start();
}

void WebSocketService::run(const std::function<void()>& when_started) {
  const log::Use own(impl_->log);
  impl_->run(when_started);
}

void WebSocketService::drain() {
  const log::Use own(impl_->log);
  impl_->drain();
}

void WebSocketService::stop() {
  const log::Use own(impl_->log);
  impl_->stop();
}

Io WebSocketService::io() const {
  return impl_->io.handle();
}
ServiceCounts WebSocketService::counts() const {
  const auto net = impl_->network->counters();
  return {.connections = net.connections,
          .sessions = net.sessions,
          .unauthenticated = net.unauthenticated,
          .timers = net.timers,
          .partial_bytes = net.partial_bytes,
          .queued_bytes = net.queued_bytes,
          .users = impl_->house.directory.entries()};
}
std::uint16_t WebSocketService::port() const {
  return impl_->network->port();
}
const Config& WebSocketService::config() const {
  return impl_->config;
}

}  // namespace signalbox
