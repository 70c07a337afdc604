#include "queue/python_source.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/json_scan.hpp"
#include "queue/event_kind.hpp"

namespace signalbox::queue {
namespace {

/// The users whose rooms these are, each once; none if there is a room of another kind.
std::vector<std::string> users_of(const std::vector<std::string>& rooms) {
  constexpr std::string_view kUserRoom = "user:";
  std::vector<std::string> users;
  for (const std::string& room : rooms) {
    if (!room.starts_with(kUserRoom)) return {};
    users.push_back(room.substr(kUserRoom.size()));
  }
  std::ranges::sort(users);
  users.erase(std::ranges::unique(users).begin(), users.end());
  return users;
}

/// The argument, where there is exactly one.
std::optional<std::string_view> only_argument(std::string_view arguments) {
  JsonItems items(arguments);
  const auto first = items.next();
  return first && !items.next() ? first : std::nullopt;
}

/// Is it one that the sink takes? It knows of users and of one value: so whoever is to be left out, or gets bytes, is
/// told past it. An outcome goes to it even so, for it is to be kept for all of its user's sockets.
bool is_for_users(const PythonEmit& event) {
  return event.nsp == "/" && event.attachments.empty() && (event.except.empty() || is_outcome(event.event)) &&
         !users_of(event.rooms).empty() && only_argument(event.arguments);
}

}  // namespace

PythonSource::PythonSource(redis::ClientThread& thread, Sink& sink, OwnSockets& sockets, PythonOptions options)
    : LeasedSource(thread, options.common,
                   {.kind = "python",
                    .key = options.channel,
                    .name = options.channel,
                    .source = "python-socketio",
                    .away = "python-socketio's Redis is away: what is emitted there is not heard",
                    .listener = {.mode = redis::ConnectionOptions::Mode::subscriber}}),
      options_(std::move(options)),
      sink_(sink),
      sockets_(sockets) {
  listener_.subscribe(redis::Subscriptions::Kind::channel, options_.channel,
                      [this](const std::expected<void, redis::Error>& heard) {
                        if (!heard)
                          log::error("Redis refuses the subscription to python-socketio's channel",
                                     {{"channel", options_.channel}, {"why", heard.error().text}});
                      });
}

void PythonSource::stop(std::move_only_function<void()> then) {
  listener_.unsubscribe(redis::Subscriptions::Kind::channel, options_.channel);
  LeasedSource::stop(std::move(then));
}

void PythonSource::on_published(const redis::Published& published) {
  auto event = read_python_message(published.payload, options_.limits);
  if (!event) {
    if (event.error() != kOtherMethod) unreadable_.reached({{"why", std::string(event.error())}});
    return;
  }
  ++status_.events;
  if (is_for_users(*event)) {
    if (lease_.held()) tell_users(*event);
  } else if (const auto told = sockets_.emit(*std::move(event)); !told) {
    refuse(to_text(told.error()));
  }
}

void PythonSource::tell_users(const PythonEmit& event) {
  for (std::string& user : users_of(event.rooms)) {
    ++status_.behind;
    sink_.emit({.user = std::move(user), .event = event.event, .arguments = std::string(event.arguments)},
               [this, outcome = is_outcome(event.event)](Taken taken) {
                 --status_.behind;
                 if (taken == Taken::yes) status_.outcomes += outcome;
                 if (taken == Taken::by_user) refuse("UNREAD_OUTCOMES_PER_USER of its user is reached");
                 if (taken == Taken::invalid) refuse("it is too large, or names no user");
                 if (taken == Taken::later) refuse("the server is overloaded");
               });
  }
}

void PythonSource::refuse(std::string_view why) {
  refused_.reached({{"why", std::string(why)}});
}

}  // namespace signalbox::queue
