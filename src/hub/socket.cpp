#include <signalbox/event_registry.hpp>

#include <stdexcept>

#include "hub/client.hpp"
#include "hub/socket_state.hpp"
#include "socketio/arguments_text.hpp"
#include "users/encode.hpp"

// The public Socket: what applications hand in is checked here, once.
namespace signalbox {
namespace {

void check_name(std::string_view event) {
  if (const auto ok = users::check_event_name(event); !ok)
    throw std::invalid_argument(std::string(to_text(ok.error())));
}

std::string_view checked(const JsonView& array, const Attachments& attachments, const Config& config) {
  users::check_size(array, attachments);
  if (!socketio::is_arguments(array, config.json_depth)) {
    throw std::invalid_argument("The arguments of an event are given as the text of a JSON array.");
  }
  return socketio::without_brackets(array);
}

}  // namespace

std::string_view Socket::id() const {
  return state_->id();
}
std::string_view Socket::nsp() const {
  return state_->nsp().name;
}
std::string_view Socket::user_id() const {
  return state_->owner().id();
}
bool Socket::recovered() const {
  return state_->recovered();
}
json Socket::user() const {
  return state_->owner().json().empty() ? json::object() : json::parse(state_->owner().json());
}
std::string_view Socket::user_text() const {
  return state_->owner().json().empty() ? std::string_view("{}") : state_->owner().json();
}
SocketHandle Socket::handle() const {
  return SocketHandle(*state_);
}
Handshake Socket::handshake() const {
  return state_->handshake();
}

void Socket::emit(std::string_view event, const json& argument) {
  check_name(event);
  const std::string text = argument.dump(-1, ' ', false, json::error_handler_t::replace);
  users::check_size(text, {});
  state_->emit(event, text);
}

void Socket::emit_text(std::string_view event, const JsonView& arguments_array, const Attachments& attachments) {
  check_name(event);
  state_->emit(event, checked(arguments_array, attachments, state_->client().hub().config), attachments);
}

void Socket::emit_with_ack(std::string_view event, const JsonView& arguments_array, OnAck on_ack,
                           std::chrono::milliseconds timeout, const Attachments& attachments) {
  check_name(event);
  state_->emit_with_ack(event, checked(arguments_array, attachments, state_->client().hub().config), attachments,
                        std::move(on_ack), timeout);
}

void Socket::disconnect(bool close) {
  state_->disconnect(close);
}

}  // namespace signalbox
