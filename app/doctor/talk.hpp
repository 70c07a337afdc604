#pragma once
#include <deque>
#include <memory>
#include <string>
#include <string_view>

#include "doctor/observations.hpp"
#include "http_client.hpp"
#include "websocket_client.hpp"

namespace app::doctor {

inline constexpr Milliseconds kPatience{10000};  ///< for what should come at once

/// The server or a proxy answered, but not as it should have.
struct Refused : HttpError {
  explicit Refused(HttpAnswer refusal)
      : HttpError("the answer was " + std::to_string(refusal.status)), answer(std::move(refusal)) {}
  HttpAnswer answer;
};

/// The server ended the session or the line by itself, as the protocol has it.
struct Closed : HttpError {
  using HttpError::HttpError;
};

/// Where sessions are opened, and by whose page.
struct Address {
  Place place = {};
  std::string path = {};
  std::string origin = {};

  /// A request of Engine.IO: GET, without a session.
  HttpRequest request(std::string_view transport) const;
};

/// One session of Engine.IO over one transport: packets as text. Every call throws HttpError.
class Talk {
 public:
  Talk() = default;
  virtual ~Talk() = default;
  Talk(const Talk&) = delete;
  Talk& operator=(const Talk&) = delete;

  virtual void say(const std::string& packet) = 0;
  /// TimedOut: nothing came in this time, and nothing may be asked of this session any more.
  virtual std::string hear(Milliseconds timeout) = 0;
};

class PollingTalk : public Talk {
 public:
  explicit PollingTalk(Address address) : address_(std::move(address)) {}
  void say(const std::string& packet) override;
  std::string hear(Milliseconds timeout) override;

  /// From the handshake on.
  void set_sid(std::string sid) { sid_ = std::move(sid); }

 private:
  HttpRequest request() const;

  Address address_;
  std::string sid_{};
  std::deque<std::string> heard_{};
};

class WebSocketTalk : public Talk {
 public:
  /// `sid`: of the session that upgrades; empty: a new one.
  explicit WebSocketTalk(const Address& address, const std::string& sid = "");
  void say(const std::string& packet) override;
  std::string hear(Milliseconds timeout) override;

 private:
  WebSocketClient socket_;
};

/// Hears the open packet, which is the first. Throws Refused if something else answers.
Opening hear_opening(Talk& talk);
/// Throws HttpError if it is none.
Opening parse_opening(std::string_view packet);

}  // namespace app::doctor
