#include "engine.hpp"

#include <memory>
#include <stdexcept>
#include <utility>

namespace signalbox::node {
namespace {

LoginAsked asked(const ConnectRequest& request, LoginDone done) {
  return {.engine = nullptr,
          .id = std::string(request.id()),
          .handshake = text_of(request.handshake()),
          .user_id = std::string(request.user_id()),
          .user = std::string(request.user_text()),
          .done = std::move(done)};
}

ConnectRefusal nobody_said_who(const Config& config) {
  return {.message = "Authentication failed",
          .data = {{"code", "no_user"}, {"message", "Nobody has said who the user is."}},
          .as_unauthorized_event = config.auth_failure == AuthFailure::unauthorized};
}

}  // namespace

Engine::Engine(Config config, const Options& options, Listeners& listeners)
    : listeners_(listeners), options_(options), service_(std::move(config)), io_(service_.io()) {
  EventRegistry main = service_.events();
  if (!options_.jwt) main.without_jwt();
  main.use_async([this](const ConnectRequest& request, LoginDone done) { on_login(request, std::move(done)); });
  main.on_connect([this](Socket& socket) { listeners_.on_connect(self(), socket); });
  main.on_disconnect([this](Socket& socket, std::string_view reason) { listeners_.on_disconnect(socket, reason); });
  main.on_any([this](Socket& socket, std::string_view event, Arguments arguments, Ack ack) {
    listeners_.on_event(self(), socket, event, std::move(arguments), std::move(ack));
  });
  service_.start();
}

Engine::~Engine() {
  stop();
  if (closer_.joinable()) closer_.join();
}

void Engine::open() {
  std::vector<LoginAsked> held;
  {
    const std::scoped_lock lock(mutex_);
    if (open_.exchange(true)) return;
    held.swap(held_);
  }
  for (LoginAsked& login : held) go_on(std::move(login), nullptr);
}

void Engine::on_login(const ConnectRequest& request, LoginDone done) {
  if (open_ && options_.jwt && !listeners_.asks()) return done.let_in();
  LoginAsked login = asked(request, std::move(done));
  {
    const std::scoped_lock lock(mutex_);
    if (!open_) return held_.push_back(std::move(login));
  }
  go_on(std::move(login), nullptr);
}

void Engine::go_on(LoginAsked login, const Listener* after) {
  login.engine = self();
  if (!listeners_.ask(login, after)) let_in(std::move(login));
}

void Engine::let_in(LoginAsked login) {
  if (options_.jwt) return login.done.let_in();
  if (login.user_id.empty()) return login.done(nobody_said_who(config()));
  login.done([id = std::move(login.user_id), user = std::move(login.user)](ConnectRequest& request) {
    request.set_user(id, user);
    return std::expected<void, ConnectRefusal>();
  });
}

void Engine::close(std::function<void()> closed) {
  const std::scoped_lock lock(mutex_);
  if (closed_) return closed();
  told_.push_back(std::move(closed));
  if (closer_.joinable()) return;
  closer_ = std::thread([this] {
    service_.drain();
    const std::scoped_lock end(mutex_);
    closed_ = true;
    for (const auto& tell : told_) tell();
  });
}

void Engine::stop() {
  service_.stop();
  closed_ = true;
}

}  // namespace signalbox::node
