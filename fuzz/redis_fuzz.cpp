// What a server says to a connection, cut where the input says. No answer holds more than it may.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "in_pieces.hpp"
#include "redis/connection.hpp"

namespace {

using namespace signalbox;
using namespace signalbox::redis;

constexpr ReplyLimits kLimits{.bytes = 4096, .elements = 64};

std::size_t values_in(const Reply& reply) {
  std::size_t count = 1;
  for (const Reply& element : reply.elements) count += values_in(element);
  return count;
}

void note(const Reply& reply, std::string& out) {
  out += static_cast<char>('0' + static_cast<int>(reply.kind)) + std::to_string(reply.number) + reply.text + "[";
  for (const Reply& element : reply.elements) note(element, out);
  out += "]";
}

/// Notes all that a connection tells.
struct Noting final : Connection::Observer {
  void on_ready() override { told += "ready "; }
  void on_published(const Published& published) override {
    told.append(published.pattern).append("|").append(published.channel).append("|").append(published.payload);
  }
  std::string told;
};

std::string play(std::string_view bytes, std::size_t step, ConnectionOptions::Mode mode) {
  Noting noting;
  const TimePoint now{std::chrono::hours(1)};
  Connection connection({.mode = mode, .replies = kLimits}, noting, now);
  std::size_t answers = 0;
  fuzz::in_pieces(bytes, step, [&](std::span<const char> piece) {
    connection.take({piece.data(), piece.size()}, now);
    connection.wrote(connection.unwritten().size());
    return !connection.ended();
  });
  const auto on_answer = [&](const Answer& answer) {
    ++answers;
    if (answer && values_in(*answer) > kLimits.elements + 1) std::abort();
    if (answer) note(*answer, noting.told);
  };
  noting.told += connection.ended() ? " ended " : " lives ";  // for which of several reasons depends on the cuts
  for (int i = 0; i < 4; ++i) connection.send({"PING"}, on_answer, now);
  connection.take(bytes, now);
  connection.end({.kind = Error::Kind::lost, .text = "the end"});
  if (answers != 4) std::abort();
  return noting.told;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto mode = data[0] % 2 == 0 ? ConnectionOptions::Mode::commands : ConnectionOptions::Mode::subscriber;
  fuzz::whole_and_in_pieces(data + 1, size - 1,
                            [&](std::string_view bytes, std::size_t step) { return play(bytes, step, mode); });
  return 0;
}
