// The server that the benchmarks load: the public API, and one handler for each thing that a scenario asks for.
#include <signalbox/signalbox.hpp>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <exception>
#include <iostream>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace {

using namespace signalbox;

constexpr std::int64_t kPerTurn = 262'144;  // so that a burst leaves the shard time for what else it has to do

/// How an event's data is given: the typed event, free-form JSON in braces, or a `json` made first.
enum class Form : std::uint8_t { typed, braces, value };

/// One `bench_burst`: so many events to so many users, a part in each turn of the shard.
struct Burst {
  std::int64_t count, users, per_turn;
  Form form;
  Ack ack;
  std::int64_t sent = 0, refused = 0;
};

/// "user-7" in a place on the stack.
struct Numbered {
  Numbered(std::string_view name, std::int64_t number) {
    name.copy(text, name.size());
    end = std::to_chars(text + name.size(), text + sizeof text, number).ptr;
  }
  operator std::string_view() const { return {text, end}; }
  char text[32];
  char* end;
};

void emit_one(const Io& io, const Burst& burst, std::int64_t& refused) {
  const std::int64_t i = burst.sent;
  const Numbered user("user-", i % burst.users), job("job-", i);
  const std::string_view id = job;
  const std::int64_t progress = i % 101;
  const auto emitted = [&] {
    switch (burst.form) {
      case Form::braces:
        return emit_to_user(io, user, events::job_progress,
                            {{"jobId", id}, {"progress", progress}, {"status", "processing"}});
      case Form::value:
        return emit_to_user(io, user, events::job_progress,
                            json{{"jobId", id}, {"progress", progress}, {"status", "processing"}});
      case Form::typed:
        break;
    }
    return emit_to_user(io, user,
                        JobProgress{.job_id = id, .progress = static_cast<double>(progress), .status = "processing"});
  };
  if (!emitted()) ++refused;
}

void go_on(const Io& io, std::unique_ptr<Burst> burst) {
  for (std::int64_t in_turn = 0; in_turn < burst->per_turn && burst->sent < burst->count; ++in_turn, ++burst->sent) {
    emit_one(io, *burst, burst->refused);
  }
  if (burst->sent == burst->count)
    return burst->ack(json{{"sent", burst->sent - burst->refused}, {"refused", burst->refused}});
  static_cast<void>(io.post([io, burst = std::move(burst)]() mutable { go_on(io, std::move(burst)); }));
}

void begin_burst(const Io& io, const json& arguments, Ack ack, Form form) {
  const json& wish = arguments.at(0);
  const auto per_turn = wish.value("perTurn", std::int64_t{0});
  go_on(io, std::make_unique<Burst>(Burst{.count = wish.at("count").get<std::int64_t>(),
                                          .users = std::max<std::int64_t>(1, wish.at("users").get<std::int64_t>()),
                                          .per_turn = per_turn > 0 ? per_turn : kPerTurn,
                                          .form = form,
                                          .ack = std::move(ack)}));
}

/// {"userId", …rest}: the rest goes to that user as job_progress, in the client's own bytes.
void relay(const Io& io, const Arguments& arguments) {
  const auto [member, data] = json_cut(json_first(arguments.text), "userId");
  const std::string user = json_string(member.value_or("")).value_or("");
  static_cast<void>(emit_to_user_json(io, user, events::job_progress, data));
}

/// The same by JSON values, as one would write it first.
void relay_values(const Io& io, json arguments) {
  json& data = arguments.at(0);
  const std::string user = data.at("userId").get<std::string>();
  data.erase("userId");
  static_cast<void>(emit_to_user(io, user, events::job_progress, data));
}

}  // namespace

int main() {
  try {
    WebSocketService service(Config::from_env());
    const Io io = service.io();
    service.events()
        .on("bench_burst",
            [io](Socket&, const json& arguments, Ack ack) { begin_burst(io, arguments, std::move(ack), Form::typed); })
        .on("bench_burst_json",
            [io](Socket&, const json& arguments, Ack ack) { begin_burst(io, arguments, std::move(ack), Form::braces); })
        .on("bench_burst_values",
            [io](Socket&, const json& arguments, Ack ack) { begin_burst(io, arguments, std::move(ack), Form::value); })
        .on("bench_emit_json", [io](Socket&, json arguments, Ack) { relay_values(io, std::move(arguments)); })
        .on_text("bench_emit", [io](Socket&, const Arguments& arguments, Ack) { relay(io, arguments); });
    service.run();
  } catch (const std::exception& error) {
    std::cerr << "bench_server: " << error.what() << '\n';
    return 1;
  }
}
