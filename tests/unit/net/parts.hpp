#pragma once
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "net/budgets.hpp"
#include "net/connections.hpp"
#include "support/memory_network.hpp"

// What the parts of a shard stand on, without the shard: a network in memory, where time is the test's.
namespace signalbox::net::test {

/// One loop with its connections, which nothing turns but the test.
struct Ground : reactor::Wheel, ConnectionEnds {
  Ground(Shared& given, MemoryNetwork& on)
      : shared(given),
        network(on),
        own_kernel(std::make_unique<MemoryKernel>(on)),
        kernel(*own_kernel),
        loop(given.loops, std::move(own_kernel), 100, *this) {}
  TimePoint next_deadline() override { return TimePoint::min(); }
  void on_events(std::span<const KernelEvent>) override {}
  void end_turn() override {}
  void on_closed(Connection& connection, CloseReason reason, bool owed) override {
    ends.emplace_back(reason, owed);
    if (at_end) at_end(connection, reason, owed);
  }

  void pass(Milliseconds time) {
    network.now += time;
    loop.turn();
  }
  /// The server's side of a new connection.
  Stream accepted() {
    PeerAddress peer{};
    fd = kernel.connect(peer);
    return Stream(OwnedFd(kernel.accept(1, peer)));
  }
  Counted place() { return *Counted::within(100, shared.connections); }
  /// The one that has this descriptor; null: it is closed.
  Connection* connection(int of) {
    Connection* found = nullptr;
    connections.for_each([&](Connection& each) {
      if (each.mode != Mode::closed && each.stream.fd() == of) found = &each;
    });
    return found;
  }
  /// What was written since the last call.
  std::string written(int to) {
    return std::exchange(network.sockets.contains(to) ? network.at(to).out : network.last_words[to], {});
  }

  Shared& shared;
  MemoryNetwork& network;
  std::unique_ptr<MemoryKernel> own_kernel;
  MemoryKernel& kernel;
  reactor::Loop loop;
  Budgets budgets{shared};
  Connections connections{shared, loop, budgets, *this};
  int fd = -1;  ///< of the newest connection
  std::vector<std::pair<CloseReason, bool>> ends;
  std::function<void(Connection&, CloseReason, bool)> at_end{};
};

/// Echoes what it gets; "/no" is refused at its head, "/late" gets no answer.
struct EchoingApplication : ShardApplication {
  std::unique_ptr<engineio::SessionHandler> on_session(engineio::Session&, SessionControl&, HandshakeRequest,
                                                       TimePoint) override {
    return nullptr;
  }
  void on_message(Message&, TimePoint) override {}
  std::optional<Response> on_head(const RequestHead& head, Admission& admission) override {
    admission.max_body = 100;
    if (head.path != "/no") return std::nullopt;
    return Response{.status = 401, .fields = {}, .body = "no"};
  }
  Response refusal(int status, Door) override { return {.status = status, .fields = {}, .body = "refused"}; }
  void on_request(const RequestHead& head, std::string_view body, const RequestId& id, TimePoint) override {
    requests.emplace_back(std::string(head.path) + ":" + std::string(body));
    ids.push_back(id);
    if (head.path != "/late") answer(id, {.status = 200, .fields = {}, .body = requests.back()});
  }
  void add_cors(const RequestHead&, HttpFields& out) override { out.emplace_back("X-Cors", "yes"); }
  bool origin_allowed(const RequestHead&) override { return true; }
  TimePoint next_deadline() const override { return kNever; }
  void on_timer(TimePoint) override {}

  std::function<void(const RequestId&, Response)> answer;
  std::vector<std::string> requests;
  std::vector<RequestId> ids;
};

inline std::string request(std::string_view method, std::string_view target, std::string_view body = {},
                           std::string_view fields = {}) {
  std::string out = std::string(method) + " " + std::string(target) + " HTTP/1.1\r\nHost: x\r\n" + std::string(fields);
  if (!body.empty()) out += "Content-Length: " + std::to_string(body.size()) + "\r\n";
  return out + "\r\n" + std::string(body);
}

}  // namespace signalbox::net::test
