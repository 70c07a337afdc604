#include "redis/client_thread.hpp"

#include <algorithm>
#include <utility>

#include "base/assert.hpp"

namespace signalbox::redis {
namespace {

constexpr std::size_t kMailboxMessages = 65'536;

}  // namespace

ClientThread::ClientThread() : loop_(loops_, reactor::make_epoll_kernel(), kMailboxMessages, *this) {}

ClientThread::~ClientThread() {
  stop();
}

Client& ClientThread::add(ClientOptions options, Client::Observer& observer) {
  SB_ASSERT(!thread_.joinable());
  const auto id = static_cast<std::uint32_t>(clients_.size());
  return *clients_.emplace_back(std::make_unique<Client>(loop_, id, std::move(options), observer));
}

void ClientThread::start() {
  thread_ = service_thread([this] {
    while (!stopped_) loop_.turn();
  });
}

void ClientThread::stop() {
  SB_ASSERT(reactor::Loop::current() != &loop_);
  if (!thread_.joinable()) return;
  static_cast<void>(post([this] {
    for (const auto& client : clients_) client->stop();
    loop_.close();
    stopped_ = true;
  }));
  thread_.join();
}

bool ClientThread::post(std::move_only_function<void()> task) {
  return loop_.post(Message::run(std::move(task)));
}

TimePoint ClientThread::next_deadline() {
  TimePoint next = kNever;
  for (const auto& client : clients_) next = std::min(next, client->next_deadline());
  return next;
}

void ClientThread::on_events(std::span<const reactor::KernelEvent> events) {
  for (const auto& event : events) clients_[event.token >> 32]->on_event(event.token);
}

void ClientThread::end_turn() {
  for (const auto& client : clients_) client->on_timer();
  loop_.begin_writing();
  for (const auto& client : clients_) client->flush();
}

}  // namespace signalbox::redis
