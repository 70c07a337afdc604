#pragma once
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "engineio/session.hpp"

// A session alone: what it asks of its owner and tells its handler, as text.
namespace signalbox::engineio {

using namespace std::chrono_literals;
using Log = std::vector<std::string>;

/// Carries nothing out and keeps everything, as text.
struct RecordingIo : SessionIo {
  Log log;
  std::vector<std::uint32_t> repeated;
  bool draining = false;
  void answer(const RequestId& request, Answer answer) override {
    log.push_back(std::to_string(request.number) + ":" + std::to_string(answer.status) + ":" + answer.body);
  }
  void on_repeated(const RequestId& request) override { repeated.push_back(request.number); }
  void send_now(WebSocketId websocket, const FrameRef& frame) override {
    log.push_back("ws" + std::to_string(websocket) + ":" + std::string(frame->packet()));
  }
  void close_websocket(WebSocketId websocket, std::uint16_t code) override {
    log.push_back("close ws" + std::to_string(websocket) + ":" + std::to_string(code));
  }
  void touched() override {}
  void deadline_changed() override {}
  bool still_draining() override { return draining; }
};

struct RecordingHandler : SessionHandler {
  Log log;
  void on_text(std::string_view message, TimePoint) override { log.push_back("text " + std::string(message)); }
  void on_binary(std::string_view bytes, TimePoint) override { log.push_back("binary " + std::string(bytes)); }
  void on_closed(CloseReason reason, TimePoint) override { log.push_back("closed: " + std::string(to_text(reason))); }
  void on_received(std::uint32_t marker, TimePoint) override { log.push_back("received " + std::to_string(marker)); }
  TimePoint next_deadline() const override { return kNever; }
  void on_timer(TimePoint) override {}
};

struct SessionTest : testing::Test {
  SessionOptions options;
  RecordingIo io;
  RecordingHandler handler;
  TimePoint now{1h};
  Session session{Sid(0, 0), Transport::polling, options, io, now};

  SessionTest() {
    session.set_handler(handler);
    get(0);
    io.log.clear();
  }
  static RequestId request(std::uint32_t number) { return {.number = number}; }
  void get(std::uint32_t number, Stamp stamp = 0) {
    session.on_get(request(number), stamp, now);
    session.flush(now);
  }
  void post(std::uint32_t number, std::string_view body, Stamp stamp = 0) {
    session.on_post(request(number), stamp, "text/plain;charset=UTF-8", body, now);
    session.flush(now);
  }
  void send(std::string_view packet) {
    session.send(text_frame(packet));
    session.flush(now);
  }
  void wait(Milliseconds time) {
    now += time;
    session.on_timer(now);
    session.flush(now);
  }
  /// What the WebSocket would carry: the packets in the queue, which the kernel takes whole.
  Log written() {
    Log out;
    while (!session.queue().empty()) {
      out.emplace_back(session.queue().front()->packet());
      session.on_pings_written(session.queue().consume(session.queue().front_rest().size()), now);
    }
    return out;
  }
  void upgrade() {
    EXPECT_TRUE(session.on_upgrade_request(1, now));
    session.on_websocket_text(1, "2probe", now);
    session.on_websocket_text(1, "5", now);
  }
};

}  // namespace signalbox::engineio
