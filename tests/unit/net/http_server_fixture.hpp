#pragma once
#include "net/http_server.hpp"
#include "parts.hpp"

// The HTTP server of a shard, without the shard.
namespace signalbox::net::test {

/// Holds the body of each POST, and lets the others' in.
struct RecordingEngine final : EngineRequests {
  bool on_head(Connection& connection, const RequestHead& head, std::string_view) override {
    connection.http->sid = "sid";
    head.method == "POST" ? http->hold_body(connection) : http->begin_body(connection, 100);
    return false;
  }
  void on_whole_request(Connection& connection) override {
    bodies.push_back(connection.http->body);
    http->answer(connection, {.status = 200, .fields = {}, .body = "engine"});
  }
  void on_upgraded(Connection&, std::span<char>) override {}
  void on_gone(const Connection&, Gone why) override { gone.push_back(why); }

  HttpServer* http = nullptr;
  std::vector<std::string> bodies;
  std::vector<Gone> gone;
};

struct HttpServerTest : testing::Test {
  HttpServerTest() {
    shared.options.max_head_bytes = 500;
    engine.http = &http;
    http.set_application(application);
    application.answer = [this](const RequestId& id, const Response& response) {
      if (Connection* connection = http.waiting_for(id)) http.answer(*connection, response);
    };
  }
  ~HttpServerTest() override {
    ground.connections.close_all(CloseReason::server_shutting_down);
    EXPECT_EQ(shared.connections + shared.refused + shared.partial.all + shared.queued.all, 0u);
    EXPECT_TRUE(network.sockets.empty());
  }
  int connect() {
    http.accept(ground.accepted(), {}, ground.place(), Door::service);
    return ground.fd;
  }
  void take(int fd, std::string bytes) {
    if (Connection* connection = ground.connection(fd)) http.take(*connection, bytes);
  }
  /// What is written at the end of a turn.
  std::string flushed(int fd) {
    while (ground.connections.has_touched())
      ground.connections.look_at_touched([this](Connection& connection) { http.flush(connection); });
    ground.connections.bury();
    return ground.written(fd);
  }
  std::string status(int fd) {
    const auto answer = flushed(fd);
    return answer.size() < 12 ? answer : answer.substr(9, 3);
  }

  Shared shared;
  MemoryNetwork network;
  Ground ground{shared, network};
  EchoingApplication application;
  RecordingEngine engine;
  HttpServer http{shared, ground.loop, ground.connections, ground.budgets, engine};
};

}  // namespace signalbox::net::test
