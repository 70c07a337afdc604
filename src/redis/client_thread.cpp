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
  const auto id = static_cast<std::uint32_t>(parts_.size());
  Client& client = *clients_.emplace_back(std::make_unique<Client>(loop_, id, std::move(options), observer));
  parts_.push_back(&client);
  return client;
}

std::uint32_t ClientThread::add(reactor::Part& part) {
  SB_ASSERT(!thread_.joinable());
  parts_.push_back(&part);
  return static_cast<std::uint32_t>(parts_.size() - 1);
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
  for (const reactor::Part* part : parts_) next = std::min(next, part->next_deadline());
  return next;
}

void ClientThread::on_events(std::span<const reactor::KernelEvent> events) {
  for (const auto& event : events) parts_[event.token >> 32]->on_event(event);
}

void ClientThread::end_turn() {
  for (reactor::Part* part : parts_) part->on_timer();
  loop_.begin_writing();
  for (reactor::Part* part : parts_) part->flush();
}

}  // namespace signalbox::redis
