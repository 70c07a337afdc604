// A request head, its query and a chunked body, cut where the input says.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "engineio/query.hpp"
#include "in_pieces.hpp"
#include "net/http_parser.hpp"

namespace {

using namespace signalbox;

void require(bool condition) {
  if (!condition) std::abort();
}

constexpr std::size_t kMaxBody = 1000;

struct Outcome {
  int status = 0;
  bool whole = false;
  std::string head, query, body;
  bool operator==(const Outcome&) const = default;
};

std::string describe(const net::RequestHead& head) {
  std::string out;
  for (const auto part : {head.method, head.target, head.path, head.query}) (out += part) += '\n';
  for (const auto& [name, value] : head.fields) ((out += name) += '=') += value;
  return out + std::to_string(head.content_length);
}

Outcome parse(std::string_view bytes, std::size_t step) {
  net::HeadParser parser(2000, 20);
  net::ChunkedDecoder chunks;
  Outcome outcome;
  fuzz::in_pieces(bytes, step, [&](std::span<const char> input) {
    const std::string_view piece(input.data(), input.size());
    std::size_t used = parser.feed(piece);
    if (parser.done() && !parser.failed() && parser.chunked())
      used += chunks.feed(piece.substr(used), outcome.body, kMaxBody);
    require(used <= piece.size());
    return used == piece.size();
  });
  require(outcome.body.size() <= kMaxBody && parser.raw().size() <= 2000);
  outcome.status = parser.status() != 0 ? parser.status() : chunks.status();
  outcome.whole = parser.done() && !parser.failed();
  if (!outcome.whole) return outcome;
  outcome.head = describe(parser.head());
  // A head that was taken once is taken again: it is kept as bytes and parsed on demand.
  require(describe(net::parse_head(parser.raw())) == outcome.head);
  if (const auto query = engineio::parse_query(parser.head().query)) outcome.query = query->sid.value_or("none");
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::whole_and_in_pieces(data, size, parse);
  return 0;
}
