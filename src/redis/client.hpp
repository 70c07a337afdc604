#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "reactor/part.hpp"
#include "redis/backoff.hpp"
#include "redis/commands.hpp"
#include "redis/link.hpp"
#include "redis/script.hpp"
#include "redis/subscriber.hpp"
#include "redis/subscriptions.hpp"
#include "redis/url.hpp"

namespace signalbox::redis {

struct ClientOptions {
  Url url{};
  ConnectionOptions connection{};  ///< of its identity the name counts; the rest is the URL's
  reactor::LookUp look_up = reactor::look_up;
};

/// A connection to Redis that is kept up: lost, it is made again, by a new look-up of the name or a new question to the
/// sentinels. While it is down commands are refused; subscriptions wait.
///
/// A part of a loop's wheel. thread: the loop's. It must not be destroyed by whoever it calls.
class Client final : public reactor::Part, public Subscriber, public Commands, Connection::Observer {
 public:
  class Observer {
   public:
    virtual void on_up() = 0;
    /// Told once a change: also where there never was a connection, and where the reason is another one.
    virtual void on_down(const Error& why) = 0;
    virtual void on_published(const Published&) {}

   protected:
    ~Observer() = default;
  };

  /// Events whose token's upper half is `id` are this one's. The first turn connects.
  Client(reactor::Loop& loop, std::uint32_t id, ClientOptions options, Observer& observer);
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  bool is_up() const override { return step_ == Step::up; }
  /// As Connection::send. Not of a subscriber.
  void send(const Command& command, OnAnswer on_answer, Milliseconds patience = kPatience);
  void run(const Script& script, ScriptCall call, OnAnswer on_answer, Milliseconds patience = kPatience) override;
  /// Of a subscriber alone.
  void subscribe(Subscriptions::Kind kind, std::string_view name, Subscriptions::OnConfirmed on_confirmed) override;
  void unsubscribe(Subscriptions::Kind kind, std::string_view name) override;
  /// For good. Who waits for an answer is told; the observer is not.
  void stop();

  void on_event(const reactor::KernelEvent& event) override;
  void on_timer() override;
  TimePoint next_deadline() const override;
  void flush() override;

 private:
  enum class Step : std::uint8_t {
    waiting,     ///< until retry_at_
    asking,      ///< a sentinel
    connecting,  ///< until the handshake is done, and the server is known to be the primary
    up,
    stopped,
  };

  void on_ready() override;
  void on_published(const Published& published) override { observer_.on_published(published); }
  bool uses_sentinels() const { return !options_.url.primary.empty(); }
  bool subscribes() const { return options_.connection.mode == ConnectionOptions::Mode::subscriber; }
  std::uint64_t link_token() const { return id_ << 32 | attempts_; }
  void attempt();
  void begin(Step step, const Host& host);
  void ask_where();
  void check_role();
  void come_up();
  void settle();
  void on_lost(const Error& why);
  bool ask_another(const Error& why);
  void send_subscriptions();
  bool has_to_subscribe() const;

  reactor::Loop& loop_;
  const std::uint64_t id_;
  const ClientOptions options_;
  Observer& observer_;
  Step step_ = Step::waiting;
  std::unique_ptr<Link> link_;
  std::uint32_t attempts_ = 0;  ///< the lower half of a token, so that an event of an older link is nobody's
  TimePoint retry_at_ = TimePoint::min();
  TimePoint up_since_{};
  Backoff backoff_;
  std::optional<Error> down_;  ///< what the observer knows
  Subscriptions subscriptions_;
  std::size_t sentinel_ = 0;  ///< the one that is asked
  std::size_t asked_ = 0;     ///< sentinels, in vain and without a pause
  bool sentinels_want_password_ = false;
  std::optional<Host> primary_;  ///< where to go on, as a sentinel said
};

}  // namespace signalbox::redis
