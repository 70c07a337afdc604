// A request head, its query and a chunked body, cut where the input says: the same bytes in one piece and in many must
// give the same, and no byte beyond the end may be read.
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>

#include "engineio/query.hpp"
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

/// In copies of exact size, so that one byte too far is seen.
template <typename Feed>
void in_pieces(std::string_view bytes, std::size_t step, Feed feed) {
  while (!bytes.empty()) {
    const auto size = std::min(step, bytes.size());
    const auto copy = std::make_unique<char[]>(size);
    std::copy_n(bytes.data(), size, copy.get());
    const std::size_t used = feed(std::string_view(copy.get(), size));
    require(used <= size);
    bytes.remove_prefix(used);
    if (used < size) return;
  }
}

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
  in_pieces(bytes, step, [&](std::string_view piece) {
    std::size_t used = parser.feed(piece);
    if (!parser.done() || parser.failed() || !parser.chunked()) return used;
    return used + chunks.feed(piece.substr(used), outcome.body, kMaxBody);
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
  if (size < 2) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  require(parse(bytes, bytes.size()) == parse(bytes, 1 + data[0] % 64));
  return 0;
}
