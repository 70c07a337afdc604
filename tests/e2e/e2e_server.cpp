// A program on the public API that the end-to-end tests drive: a command a line on stdin, as JSON; an answer a line on
// stdout. Ends with stdin. Settings come from the environment; with LISTEN=off it listens on PORT itself, and
// has the service answer what it reads.
#include <signalbox/signalbox.hpp>

#include <cstdlib>
#include <exception>
#include <iostream>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <tuple>

#include "front.hpp"

namespace {

using namespace signalbox;

/// Lines to stdout. thread: any.
void say(const json& line) {
  static std::mutex mutex;
  const std::lock_guard lock(mutex);
  std::cout << line.dump() << std::endl;
}

json to_json(const EmitResult& result) {
  if (!result) return {{"error", to_text(result.error())}};
  return {{"sockets", *result}};
}

/// The original's image generation worker, in C++.
json generate_image(const Io& io, const json& job) {
  const std::string user = job.at("user"), id = job.at("jobId");
  std::ignore = emit_to_user(io, user, JobProgress{.job_id = id, .progress = 10, .status = "initializing"});
  std::ignore = emit_to_user(io, user, JobProgress{.job_id = id, .progress = 50, .status = "generating"});
  if (job.contains("error"))
    return to_json(emit_to_user(io, user, JobFailed{.job_id = id, .error = job.at("error").get<std::string>()}));
  const json result = {{"imageUrl", "https://example.com/" + id + ".png"}, {"width", 512}, {"height", 512}};
  return to_json(emit_to_user(io, user, JobCompleted{.job_id = id, .result = result}));
}

/// The first block of the original: progress typed, and the end as any JSON.
json quick_job(const Io& io, const json& job) {
  const std::string user = job.at("user"), id = job.at("jobId");
  std::ignore = emit_to_user(io, user, JobProgress{.job_id = id, .progress = 50, .status = "processing"});
  return to_json(emit_to_user(io, user, events::job_completed, {{"jobId", id}, {"result", {{"imageUrl", "..."}}}}));
}

/// Says when the outcome is durable, and throws then.
json outcome(const Io& io, const json& order) {
  const std::string user = order.at("user"), id = order.at("jobId");
  const auto committed = [id](bool durable) {
    say({{"committed", id}, {"durable", durable}});
    throw std::runtime_error("a callback that throws");
  };
  if (order.contains("error")) return to_json(emit_to_user(io, user, JobFailed{.job_id = id, .error = "x"}, committed));
  return to_json(emit_to_user(io, user, JobCompleted{.job_id = id, .result = 1}, committed));
}

/// Many numbered events from one thread.
json count_up(const Io& io, const json& order) {
  std::size_t taken = 0;
  for (std::int64_t n = order.at("from"); n < order.at("to").get<std::int64_t>(); ++n)
    taken += emit_to_user(io, order.at("user").get<std::string>(), "count", {{"n", n}}).value_or(0);
  return {{"sockets", taken}};
}

json presence(const Io& io, const ConnectionManager& connections, const json& order) {
  const std::string user = order.at("user");
  return {{"online", is_user_online(io, user)},
          {"users", get_online_users(io)},
          {"count", get_online_users_count(io)},
          {"connections", connections.connections(user)}};
}

/// Another service in this process, on the same folder: what keeps it from starting.
json start_another(const WebSocketService& service, const json& order) {
  Config config = service.config();
  config.port = 0;
  config.data_dir = order.value("dataDir", config.data_dir);
  WebSocketService another(config);
  try {
    another.start();
  } catch (const StartError& error) {
    return {{"refused", error.what()}};
  }
  return {{"started", true}};
}

/// The handle of each user's newest socket, for this thread. thread: any.
class Handles {
 public:
  void keep(const SocketHandle& handle) {
    const std::lock_guard lock(mutex_);
    newest_.insert_or_assign(handle.user_id(), handle);
  }
  SocketHandle of(const std::string& user) {
    const std::lock_guard lock(mutex_);
    return newest_.at(user);
  }

 private:
  std::mutex mutex_;
  std::map<std::string, SocketHandle> newest_;
} handles;

json reach_socket(const json& order) {
  const SocketHandle handle = handles.of(order.at("user"));
  if (order.contains("close")) {
    handle.disconnect(order.at("close"));
    return {{"id", handle.id()}};
  }
  for (const json& value : order.at("values")) {
    if (const auto sent = handle.emit("note", value); !sent) return {{"error", to_text(sent.error())}};
  }
  return {{"id", handle.id()}};
}

json tell_all(const Io& io, const json& order) {
  for (const json& value : order.at("values")) {
    if (const auto sent = emit_to_all(io, "notice", value); !sent) return {{"error", to_text(sent.error())}};
  }
  return nullptr;
}

json carry_out(const WebSocketService& service, const json& order) {
  const Io io = service.io();
  const std::string what = order.at("do");
  if (what == "generate_image") return generate_image(io, order);
  if (what == "quick_job") return quick_job(io, order);
  if (what == "outcome") return outcome(io, order);
  if (what == "count_up") return count_up(io, order);
  if (what == "start_another") return start_another(service, order);
  if (what == "reach_socket") return reach_socket(order);
  if (what == "tell_all") return tell_all(io, order);
  if (what == "presence") return presence(io, service.connections(), order);
  const std::string user = order.at("user"), event = order.at("event");
  if (what == "emit") return to_json(emit_to_user(io, user, event, order.at("data")));
  if (what == "emit_json") return to_json(emit_to_user_json(io, user, event, order.at("text").get<std::string>()));
  throw std::invalid_argument("unknown order: " + what);
}

std::expected<void, ConnectRefusal> only_with_word(ConnectRequest& request) {
  if (request.handshake().auth.value("word", "") == "sesame") return {};
  return std::unexpected(ConnectRefusal{.message = "not authorized", .data = {{"hint", "say the word"}}});
}

/// Says itself who a user is, by the name in the query.
std::expected<void, ConnectRefusal> by_name(ConnectRequest& request) {
  const std::string name = request.query("name");
  if (name.empty()) return std::unexpected(ConnectRefusal{.message = "no name"});
  request.set_user(name, json{{"id", name}}.dump());
  return {};
}

/// Asks somebody who needs a while, on a thread of its own, and names the user by what that one says of the word.
void ask_elsewhere(const ConnectRequest& request, LoginDone done) {
  const std::string word = request.handshake().auth.value("word", "");
  std::thread([word, done = std::move(done)]() mutable {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    if (word != "sesame") return done(ConnectRefusal{.message = "not authorized"});
    done([](ConnectRequest& asked) -> std::expected<void, ConnectRefusal> {
      asked.set_user("ali", R"({"id":"ali"})");
      return {};
    });
  }).detach();
}

void ask_back(Socket& socket, const json& arguments, Ack) {
  const std::chrono::milliseconds timeout{arguments.at(0).get<int>()};
  socket.emit_with_ack(
      "question", "[1]",
      [socket](AckResult answer) mutable {
        if (answer) return socket.emit("answered", answer->values());
        if (answer.error() == AckError::timeout) socket.emit("answered", "timeout");
      },
      timeout);
}

void add_handlers(WebSocketService& service) {
  service.events()
      .on_connect([](Socket& socket) {
        json line = {{"connected", socket.user_id()}};
        if (socket.recovered()) line["recovered"] = socket.id();
        handles.keep(socket.handle());
        say(line);
      })
      .on_disconnect([](Socket& socket, std::string_view reason) {
        say({{"disconnected", socket.user_id()}, {"reason", reason}});
      })
      .on_text("mirror",
               [](Socket& socket, Arguments got, Ack) { socket.emit_text("mirrored", got.text, got.attachments); })
      .on_text("ask",
               [](Socket&, Arguments got, Ack ack) { ack.send_text(std::move(got.text), std::move(got.attachments)); })
      .on("whoami", [](Socket& socket, const json&, Ack ack) { ack(socket.user()); })
      .on("handshake", [](Socket& socket, const json&, Ack ack) { ack(socket.handshake().to_json()); })
      .on("ask me", ask_back)
      .on("throw", [](Socket&, const json&, Ack) { throw std::runtime_error("a handler that throws"); })
      .on("leave", [](Socket& socket, const json& arguments, Ack) { socket.disconnect(arguments.at(0).get<bool>()); });
  service.events("/members").use(only_with_word);
  service.events("/elsewhere")
      .without_jwt()
      .use_async(ask_elsewhere)
      .on("whoami", [](Socket& socket, const json&, Ack ack) { ack(socket.user()); });
  service.events("/named").without_jwt().use(by_name).on(
      "whoami", [](Socket& socket, const json&, Ack ack) { ack(socket.user()); });
}

}  // namespace

int main() try {
  WebSocketService service{Config::from_env()};
  add_handlers(service);
  service.start();
  std::optional<Front> front;
  if (!service.config().listen) front.emplace(service, service.config().port, std::getenv("FRONT") != nullptr);
  for (std::string line; std::getline(std::cin, line);) {
    try {
      say({{"answer", carry_out(service, json::parse(line))}});
    } catch (const std::exception& error) {
      say({{"answer", {{"failed", error.what()}}}});
    }
  }
  front.reset();
  service.stop();
  return 0;
} catch (const std::exception& error) {
  std::cerr << "e2e_server: " << error.what() << '\n';
  return 1;
}
