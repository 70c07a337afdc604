#pragma once
#include <algorithm>
#include <string>
#include <vector>

#include <signalbox/signalbox.hpp>

#include "fake_hub.hpp"
#include "users/encode.hpp"

// A client of one user that keeps what socket.io-client keeps for its recovery: its pid and its last offset.
namespace signalbox::hub::test {

/// The last argument of an event, if it is a text; and the event without it.
struct Told {
  std::string event, offset;
  explicit Told(const std::string& packet) : event(packet) {
    if (!packet.starts_with("42") || !packet.ends_with("\"]")) return;
    const auto begin = packet.rfind(",\"");
    offset = packet.substr(begin + 2, packet.size() - begin - 4);
    event = packet.substr(0, begin) + ']';
  }
};

class Recovering {
 public:
  Recovering(FakeHub& hub, std::string user) : hub_(hub), user_(std::move(user)) {}

  /// Over a new connection; the old one stays as it is.
  void connect(unsigned shard = 0, const std::string& nsp = {}) {
    open(shard, nsp);
    test_shard = static_cast<int>(shard);
    hub_.deliver();
    hear();
  }
  /// The same, without waiting for what comes.
  void open(unsigned shard = 0, const std::string& nsp = {}) {
    connections_.push_back(std::make_unique<FakeClient>(hub_, shard));
    answer_heard_ = false;
    connection().text(connect_packet(nsp));
  }
  /// CONNECT as it would send it now, with what it keeps.
  std::string connect_packet(const std::string& nsp = {}) const {
    json payload = json::object();
    if (!user_.empty()) payload["token"] = auth::sign_hs256(json{{"id", user_}}.dump(), kSecret);
    if (!pid.empty()) payload["pid"] = pid;
    if (!offset.empty()) payload["offset"] = offset;
    return "0" + (nsp.empty() ? "" : nsp + ",") + payload.dump();
  }
  /// The line is cut, and the server knows.
  void cut(CloseReason reason = CloseReason::transport_close) { connection().close(reason, test_now); }
  /// What the client hears of what was sent; what is not heard is lost with the line.
  void hear() {
    for (const std::string& packet : std::exchange(connection().sent, {})) {
      if (const auto at = packet.find("{\"sid\""); packet.starts_with("40") && at != packet.npos) {
        const json answer = json::parse(packet.substr(at));
        answer_heard_ = true;
        recovered = !pid.empty() && answer.value("pid", "") == pid;
        sid = answer.at("sid");
        pid = answer.value("pid", "");
        continue;
      }
      const Told told(packet);
      heard.push_back(told.event);
      if (!told.offset.empty()) offsets.push_back(offset = told.offset);
    }
  }
  /// Is its newest connection in the namespace?
  bool answered() {
    return answer_heard_ ||
           std::ranges::any_of(connection().sent, [](const auto& packet) { return packet.starts_with("40"); });
  }
  /// What it heard since the last call.
  Packets take() { return std::exchange(heard, {}); }
  bool offsets_rise() const {
    const auto number = [](const std::string& one) { return std::stoull(one.substr(one.rfind('.') + 1)); };
    return std::ranges::is_sorted(offsets, std::ranges::less_equal(), number);
  }
  FakeClient& connection(std::size_t from_last = 0) { return *connections_[connections_.size() - 1 - from_last]; }

  std::string pid, offset, sid;
  bool recovered = false;
  Packets heard;
  std::vector<std::string> offsets;

 private:
  FakeHub& hub_;
  std::string user_;
  std::vector<std::unique_ptr<FakeClient>> connections_;
  bool answer_heard_ = false;
};

/// The client is cut off on the first shard, and comes back on another.
inline void claim_from(Recovering& client, FakeClient& back) {
  client.connect(0);
  client.cut();
  back.text(client.connect_packet());
}

inline Config recovering_config() {
  Config config = quiet_config();
  config.recovery_window = std::chrono::seconds(120);
  return config;
}

struct RecoveryWorld : testing::Test {
  explicit RecoveryWorld(Config config = recovering_config()) : hub(std::move(config)) {}
  void start() { hub.registry.start(hub.config); }
  /// One event to a user, delivered by the shards.
  std::size_t emit(const std::string& user, int value) {
    return emit(user, *users::checked_event_frame("n", std::to_string(value)));
  }
  std::size_t emit(const std::string& user, const users::EncodedEvent& event) {
    const auto to = hub.directory.emit(user, event);
    hub.deliver();
    return to.value_or(999);
  }
  void turn_clock(Milliseconds by) {
    test_now += by;
    for (auto& local : hub.locals) local->outboxes().on_timer(test_now);
    if (hub.directory.next_deadline() <= test_now) hub.directory.on_timer(test_now);
    hub.deliver();
  }
  FakeHub hub;
};

inline Packets events_of(std::initializer_list<int> values) {
  Packets out;
  for (const int value : values) out.push_back("42[\"n\"," + std::to_string(value) + ']');
  return out;
}
inline Packets operator+(Packets a, const Packets& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}
inline const Packets kAuthenticated = {R"(42["authenticated",{"user":{"id":"ada"}}])"};

}  // namespace signalbox::hub::test
