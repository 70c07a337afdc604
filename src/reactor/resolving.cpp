#include "reactor/resolving.hpp"

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <utility>

#include "base/mutex.hpp"
#include "base/service_thread.hpp"
#include "reactor/loop.hpp"

namespace signalbox::reactor {
namespace {

struct FreeAddresses {
  void operator()(addrinfo* list) const noexcept { freeaddrinfo(list); }
};

}  // namespace

Destinations look_up(const std::string& host, std::uint16_t port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_ADDRCONFIG;  // no IPv6 where this machine has none
  addrinfo* list = nullptr;
  const int error = getaddrinfo(host.c_str(), nullptr, &hints, &list);
  if (error != 0) return std::unexpected(gai_strerror(error));
  const std::unique_ptr<addrinfo, FreeAddresses> owned(list);
  std::vector<Destination> out;
  for (const addrinfo* one = list; one; one = one->ai_next) {
    sockaddr_storage storage{};
    std::memcpy(&storage, one->ai_addr, std::min<std::size_t>(one->ai_addrlen, sizeof storage));
    out.push_back({.address = peer_address(storage), .port = port});
  }
  if (out.empty()) return std::unexpected("it has no address");
  return out;
}

/// What the loop and the thread share. The lock: the loop may go while the thread is about to post to it.
struct Resolving::Question {
  Mutex mutex;
  Loop* loop SB_GUARDED_BY(mutex) = nullptr;          ///< null: nobody asks any more
  std::move_only_function<void(Destinations)> found;  ///< the loop's thread's
};

Resolving::Resolving(Loop& loop, std::string host, std::uint16_t port,
                     std::move_only_function<void(Destinations)> found, LookUp look_up)
    : question_(std::make_shared<Question>()) {
  question_->found = std::move(found);
  {
    const Lock lock(question_->mutex);
    question_->loop = &loop;
  }
  const auto answer = [question = question_](Destinations destinations) {
    const Lock lock(question->mutex);
    if (!question->loop) return;
    static_cast<void>(question->loop->post(Message::run([question, destinations = std::move(destinations)]() mutable {
      if (question->found) std::exchange(question->found, {})(std::move(destinations));
    })));
  };
  try {
    service_thread([answer, host = std::move(host), port, look_up] { answer(look_up(host, port)); }).detach();
  } catch (const std::runtime_error& error) {
    answer(std::unexpected(error.what()));
  }
}

Resolving::~Resolving() {
  const Lock lock(question_->mutex);
  question_->loop = nullptr;
  question_->found = {};
}

}  // namespace signalbox::reactor
