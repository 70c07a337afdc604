#include "queue/python_source.hpp"
#include "queue/untold.hpp"
#include "users/encode.hpp"

#include <algorithm>
#include <utility>

namespace signalbox::queue {
namespace {

constexpr std::string_view kUserRoom = "user:";

/// Takes the rooms of users out of these, each once.
std::vector<std::string> take_user_rooms(std::vector<std::string>& rooms) {
  const auto others = std::ranges::stable_partition(
      rooms, [](const std::string& room) { return room.starts_with(kUserRoom) && room.size() > kUserRoom.size(); });
  std::vector<std::string> taken(rooms.begin(), others.begin());
  rooms.erase(rooms.begin(), others.begin());
  std::ranges::sort(taken);
  taken.erase(std::ranges::unique(taken).begin(), taken.end());
  return taken;
}

/// Is it kept for its users' later sockets? Then it goes to the sink even if a socket is to be left out.
bool is_kept(const PythonEmit& event) {
  return users::kind_of(event.event) == FrameKind::outcome && event.nsp == "/" && event.attachments.empty();
}

/// Is it for users alone, and for all of their sockets?
bool is_for_users(const PythonEmit& event) {
  const auto of_user = [](const std::string& room) { return room.starts_with(kUserRoom); };
  return event.nsp == "/" && event.attachments.empty() && event.except.empty() && !event.rooms.empty() &&
         std::ranges::all_of(event.rooms, of_user);
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
  listen();
}

void PythonSource::listen() {
  listen_at_ = kNever;
  listener_.subscribe(redis::Subscriptions::Kind::channel, options_.channel,
                      [this](const std::expected<void, redis::Error>& heard) {
                        hears_ = heard.has_value();
                        if (hears_) return want_lease();
                        if (!stopped_) on_refused(heard.error());
                      });
}

void PythonSource::on_refused(const redis::Error& why) {
  deaf_.write("Redis refuses the subscription to python-socketio's channel",
              {{"channel", options_.channel}, {"why", why.text}});
  listener_.unsubscribe(redis::Subscriptions::Kind::channel, options_.channel);
  listen_at_ = loop_.now() + kListenAgain;
}

TimePoint PythonSource::next_deadline() const {
  return std::min(LeasedSource::next_deadline(), listen_at_);
}

void PythonSource::on_timer() {
  LeasedSource::on_timer();
  if (loop_.now() >= listen_at_) listen();
}

void PythonSource::stop(std::move_only_function<void()> then) {
  stopped_ = true;
  if (std::exchange(listen_at_, kNever) == kNever)
    listener_.unsubscribe(redis::Subscriptions::Kind::channel, options_.channel);
  LeasedSource::stop(std::move(then));
}

void PythonSource::on_published(const redis::Published& published) {
  auto event = read_python_message(published.payload, options_.limits);
  if (!event) {
    if (event.error() != kOtherMethod && event.error() != kNoRoom)
      unreadable_.reached({{"why", std::string(event.error())}});
    return;
  }
  ++status_.events;
  if (!is_kept(*event) && !is_for_users(*event)) return tell_sockets(*std::move(event));
  const std::vector<std::string> rooms = take_user_rooms(event->rooms);
  if (holds()) tell_users(*event, rooms);
  if (event->rooms.empty() && !rooms.empty()) return;
  event->except.insert(event->except.end(), rooms.begin(), rooms.end());  // these are told already
  tell_sockets(*std::move(event));
}

void PythonSource::tell_sockets(PythonEmit event) {
  if (const auto told = sockets_.emit(std::move(event)); !told) refuse(to_text(told.error()));
}

void PythonSource::tell_users(const PythonEmit& event, const std::vector<std::string>& rooms) {
  for (const std::string& room : rooms) {
    ++status_.behind;
    sink_.emit({.user = room.substr(kUserRoom.size()), .event = event.event, .arguments = std::string(event.arguments)},
               [this, outcome = users::kind_of(event.event) == FrameKind::outcome](Taken taken) {
                 --status_.behind;
                 if (taken == Taken::yes) status_.outcomes += outcome;
                 if (taken != Taken::yes) status_.refused += outcome;
                 if (taken != Taken::yes) refuse(taken == Taken::later ? "the server is overloaded" : why(taken));
               });
  }
}

void PythonSource::refuse(std::string_view why) {
  refused_.reached({{"why", std::string(why)}});
}

}  // namespace signalbox::queue
