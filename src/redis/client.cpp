#include "redis/client.hpp"

#include <algorithm>
#include <utility>

#include "base/assert.hpp"
#include "redis/sentinel.hpp"

namespace signalbox::redis {
namespace {

constexpr std::size_t kSubscribeAhead = 64 * 1024;  ///< bytes that may wait when further subscriptions are sent

}  // namespace

Client::Client(reactor::Loop& loop, std::uint32_t id, ClientOptions options, Observer& observer)
    : loop_(loop), id_(id), options_(std::move(options)), observer_(observer) {}

void Client::send(const Command& command, OnAnswer on_answer, Milliseconds patience) {
  SB_ASSERT(!subscribes());
  if (is_up()) return link_->send(command, std::move(on_answer), patience);
  const std::string why = down_ ? ": " + down_->text : "";
  on_answer(std::unexpected(Error{.kind = Error::Kind::down, .text = "there is no connection to Redis" + why}));
}

void Client::run(const Script& script, ScriptCall call, OnAnswer on_answer, Milliseconds patience) {
  redis::run(
      script, std::move(call),
      [this, patience](const Command& command, OnAnswer answer) { send(command, std::move(answer), patience); },
      std::move(on_answer));
}

void Client::subscribe(Subscriptions::Kind kind, std::string_view name, Subscriptions::OnConfirmed on_confirmed) {
  SB_ASSERT(subscribes());
  subscriptions_.add(kind, name, std::move(on_confirmed));
}

void Client::unsubscribe(Subscriptions::Kind kind, std::string_view name) {
  subscriptions_.remove(kind, name);
}

void Client::stop() {
  step_ = Step::stopped;
  if (link_) link_->end({.kind = Error::Kind::down, .text = "this side has stopped"});
}

void Client::on_event(const reactor::KernelEvent& event) {
  if (!link_ || event.token != link_token()) return;
  link_->on_event();
  settle();
}

void Client::on_timer() {
  if (step_ == Step::waiting && loop_.now() >= retry_at_) attempt();
  if (!link_) return;
  link_->on_timer();
  settle();
}

TimePoint Client::next_deadline() const {
  if (step_ == Step::waiting) return retry_at_;
  if (!link_) return kNever;
  return has_to_subscribe() ? TimePoint::min() : link_->next_deadline();
}

void Client::flush() {
  if (!link_) return;
  send_subscriptions();
  link_->flush();
  settle();
}

void Client::attempt() {
  uses_sentinels() ? begin(Step::asking, options_.url.hosts[sentinel_])
                   : begin(Step::connecting, options_.url.hosts[0]);
}

void Client::begin(Step step, const Host& host) {
  step_ = step;
  const Url& url = options_.url;
  ConnectionOptions connection = options_.connection;
  Identity& identity = connection.identity;
  identity.database = url.database;
  if (step == Step::asking) {
    connection.mode = ConnectionOptions::Mode::commands;
    identity = {.database = std::nullopt};
  }
  if (step != Step::asking || sentinels_want_password_) {
    identity.user = url.user;
    identity.password = url.password;
  }
  ++attempts_;
  Connection::Observer& self = *this;
  link_.reset();
  link_ = std::make_unique<Link>(loop_, link_token(),
                                 Link::Target{.host = host, .tls = url.tls, .look_up = options_.look_up},
                                 std::move(connection), self);
}

void Client::on_ready() {
  if (step_ == Step::asking) return ask_where();
  uses_sentinels() ? check_role() : come_up();
}

void Client::ask_where() {
  const auto on_answer = [this](const Answer& answer) {
    if (step_ != Step::asking) return;
    auto found = primary_of(answer, options_.url.primary);
    if (!found) return link_->end(std::move(found.error()));
    primary_ = std::move(*found);
  };
  link_->send({"SENTINEL", "GET-MASTER-ADDR-BY-NAME", options_.url.primary}, on_answer, kPatience);
}

void Client::check_role() {
  const auto on_answer = [this](const Answer& answer) {
    if (step_ != Step::connecting) return;
    if (auto why = not_primary(answer)) return link_->end(std::move(*why));
    come_up();
  };
  link_->send({"ROLE"}, on_answer, kPatience);
}

void Client::come_up() {
  step_ = Step::up;
  up_since_ = loop_.now();
  asked_ = 0;
  down_.reset();
  if (subscribes()) subscriptions_.on_ready();
  observer_.on_up();
}

/// Does what could not be done while the link was calling us.
void Client::settle() {
  if (primary_) return begin(Step::connecting, *std::exchange(primary_, {}));
  const Error* ended = link_->ended();
  if (!ended) return;
  const Error why = *ended;
  link_.reset();
  if (step_ != Step::stopped) on_lost(why);
}

void Client::on_lost(const Error& why) {
  if (step_ == Step::up && loop_.now() - up_since_ >= Backoff::kMost) backoff_.reset();
  subscriptions_.on_lost();
  if (uses_sentinels() && step_ != Step::up && ask_another(why)) return attempt();
  step_ = Step::waiting;
  retry_at_ = loop_.now() + backoff_.next();
  if (down_ == why) return;
  down_ = why;
  observer_.on_down(why);
}

/// Is there a sentinel to be asked at once, since the last one did not help?
bool Client::ask_another(const Error& why) {
  const bool wants_password = step_ == Step::asking && why.code == "NOAUTH" && !options_.url.password.empty();
  if (wants_password && !std::exchange(sentinels_want_password_, true)) return true;
  sentinel_ = (sentinel_ + 1) % options_.url.hosts.size();
  if (++asked_ < options_.url.hosts.size()) return true;
  asked_ = 0;
  return false;
}

bool Client::has_to_subscribe() const {
  return is_up() && subscriptions_.has_next() && link_->unwritten() < kSubscribeAhead;
}

void Client::send_subscriptions() {
  while (has_to_subscribe()) {
    auto batch = subscriptions_.next();
    if (!batch) return;
    const Command command = batch->command();
    // The names that the command shows stay where they are while their list moves.
    auto on_answer = [this, sent = std::move(*batch)](const Answer& answer) { subscriptions_.on_answer(sent, answer); };
    link_->send(command, std::move(on_answer), kPatience);
  }
}

}  // namespace signalbox::redis
