// What a server says to a connection, cut where the input says. The same bytes in one piece and in many must give the
// same, and no answer holds more than it may.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

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

std::string play(std::string_view bytes, std::size_t piece, ConnectionOptions::Mode mode) {
  Noting noting;
  const TimePoint now{std::chrono::hours(1)};
  Connection connection({.mode = mode, .replies = kLimits}, noting, now);
  std::size_t answers = 0;
  for (std::size_t at = 0; at < bytes.size() && !connection.ended(); at += piece) {
    connection.take(bytes.substr(at, piece), now);
    connection.wrote(connection.unwritten().size());
  }
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
  if (size < 3) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 2, size - 2);
  const auto mode = data[0] % 2 == 0 ? ConnectionOptions::Mode::commands : ConnectionOptions::Mode::subscriber;
  if (play(bytes, bytes.size(), mode) != play(bytes, 1 + data[1] % 64, mode)) std::abort();
  return 0;
}
