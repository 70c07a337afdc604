#include <benchmark/benchmark.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include <signalbox/config.hpp>

#include "auth/jwt.hpp"
#include "base/json_check.hpp"
#include "engineio/send_queue.hpp"
#include "socketio/packet.hpp"
#include "users/directory.hpp"
#include "users/encode.hpp"
#include "websocket/frame_decoder.hpp"

// What one step of an event's way costs by itself: no socket, no thread, no system call.
namespace signalbox {
namespace {

const users::EmitLimits kLimits{};
constexpr std::string_view kData = R"({"jobId":"job-7","progress":50,"status":"processing"})";

void encode_typed(benchmark::State& state) {
  const JobProgress job{.job_id = "job-7", .progress = 50, .status = "processing"};
  for (auto _ : state) benchmark::DoNotOptimize(users::job_frame(job, kLimits));
}
BENCHMARK(encode_typed);

void encode_json_value(benchmark::State& state) {
  for (auto _ : state) {
    benchmark::DoNotOptimize(
        users::event_frame("job_progress", {{"jobId", "job-7"}, {"progress", 50}, {"status", "processing"}}, kLimits));
  }
}
BENCHMARK(encode_json_value);

void encode_json_text(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(users::event_frame_of_text("job_progress", kData, kLimits));
}
BENCHMARK(encode_json_text);

void check_json(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(valid_json(kData, kLimits.json_depth));
}
BENCHMARK(check_json);

/// A client's frame: header, mask of zeros (so that unmasking it again and again changes nothing), payload.
std::string client_frame(std::string_view payload) {
  std::string frame{static_cast<char>(0x81)};
  if (payload.size() < 126) {
    frame += static_cast<char>(0x80 | payload.size());
  } else {
    frame += static_cast<char>(0x80 | 126);
    frame += static_cast<char>(payload.size() >> 8);
    frame += static_cast<char>(payload.size());
  }
  return frame.append(4, '\0').append(payload);
}

void decode_websocket_frame(benchmark::State& state) {
  std::string bytes = client_frame(std::string(static_cast<std::size_t>(state.range(0)), 'x'));
  websocket::FrameDecoder decoder(1'000'000);
  for (auto _ : state) {
    std::span<char> input(bytes);
    benchmark::DoNotOptimize(decoder.next(input));
  }
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(decode_websocket_frame)->Arg(64)->Arg(4096);

void decode_event_packet(benchmark::State& state) {
  const std::string packet = R"(2["bench_emit",)" + std::string(kData) + "]";
  for (auto _ : state) {
    const auto decoded = socketio::decode(packet, {});
    benchmark::DoNotOptimize(socketio::read_event(decoded->payload, Config{}.max_event_name_bytes));
  }
}
BENCHMARK(decode_event_packet);

void verify_token(benchmark::State& state) {
  const std::string secret = "0123456789abcdef0123456789abcdef";
  const std::string token = auth::sign_hs256(R"({"id":"42","email":"ada@example.com","exp":4000000000})", secret);
  const auth::JwtVerifier verifier(Config{.jwt_secret = secret});
  const auto now = std::chrono::system_clock::now();
  for (auto _ : state) benchmark::DoNotOptimize(verifier.verify(token, now));
}
BENCHMARK(verify_token);

/// Counts what it gets and lets it go.
class Sink final : public Mailboxes {
 public:
  unsigned shards() const override { return 1; }
  bool post(unsigned, Message&&) override { return true; }
  bool has_room(unsigned, std::size_t) const override { return true; }
  int current_shard() const override { return -1; }
};

/// A directory with `count` users, each of `sockets` sockets.
struct Town {
  Town(std::int64_t count, std::uint32_t sockets) : directory(sink, Config{.presence_events = false}) {
    for (std::int64_t user = 0; user < count; ++user) {
      users.push_back("user-" + std::to_string(user));
      for (std::uint32_t socket = 0; socket < sockets; ++socket) {
        directory.sockets.join(users.back(), {.slot = static_cast<std::uint32_t>(user) * sockets + socket});
      }
    }
  }
  const std::string& next() { return users[at = (at + 7919) % users.size()]; }

  Sink sink;
  users::Directory directory;
  std::vector<std::string> users;
  std::size_t at = 0;
};

void look_up_user(benchmark::State& state) {
  Town town(state.range(0), 1);
  for (auto _ : state) benchmark::DoNotOptimize(town.directory.presence.online(town.next()));
}
BENCHMARK(look_up_user)->Arg(1'000)->Arg(100'000);

void fan_out_to_sockets(benchmark::State& state) {
  Town town(1'000, static_cast<std::uint32_t>(state.range(0)));
  const auto event = *users::checked_event_frame("news", kData);
  for (auto _ : state) benchmark::DoNotOptimize(town.directory.emit(town.next(), event));
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(fan_out_to_sockets)->Arg(1)->Arg(10)->Arg(100);

/// Progress of a job that the ledger keeps.
void emit_progress(benchmark::State& state) {
  Town town(1'000, 1);
  const auto event = users::job_frame(JobProgress{.job_id = "job-7", .progress = 50}, kLimits);
  for (auto _ : state) benchmark::DoNotOptimize(town.directory.emit(town.next(), *event));
}
BENCHMARK(emit_progress);

/// What one flush does with sixteen waiting frames, but for the system call.
void gather_sixteen_frames(benchmark::State& state) {
  const auto event = *users::checked_event_frame("job_progress", kData);
  std::vector<char> out(64 * 1024);
  engineio::SendQueue queue;
  for (auto _ : state) {
    for (int frame = 0; frame < 16; ++frame) queue.push_back(event.frame);
    queue.consume(queue.gather(out.data(), out.size()));
  }
  state.SetItemsProcessed(state.iterations() * 16);
}
BENCHMARK(gather_sixteen_frames);

}  // namespace
}  // namespace signalbox

BENCHMARK_MAIN();
