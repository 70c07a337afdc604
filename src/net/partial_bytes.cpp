#include "base/log.hpp"
#include "net/shard.hpp"

// TOTAL_PARTIAL_BYTES: what clients have begun and not finished, counted over all shards.
namespace signalbox::net {
namespace {

log::RareWarning partial_full;

}  // namespace

void Shard::count_partial(Connection& connection) {
  std::size_t bytes = connection.decoder ? connection.decoder->partial_bytes() : 0;
  if (connection.extra) bytes += connection.extra->held.size();
  if (connection.http) {
    bytes += connection.http->parser.partial_bytes() + connection.http->body.size() + connection.http->input.size();
  }
  count_partial(connection.partial, bytes);
}

void Shard::count_partial(SessionEntry& entry) {
  count_partial(entry.partial, entry.partial_above + (entry.post ? entry.post->body.size() : 0));
}

void Shard::count_partial(std::uint32_t& counted, std::size_t bytes) {
  const std::size_t before = counted;
  if (bytes == before) return;
  counted = static_cast<std::uint32_t>(bytes);
  partial_bytes_ += bytes - before;
  const auto total = shared_.partial_bytes.fetch_add(bytes - before, std::memory_order_relaxed) + bytes - before;
  if (bytes > before && total > options_.total_partial_bytes) relieve_all();
}

// Who holds most may be with another shard. As a message, since the caller may be inside the one that has to go.
void Shard::relieve_all() {
  for (const auto& each : shared_.shards) {
    Shard* shard = each.get();
    if (shard->relief_due_.exchange(true)) continue;
    static_cast<void>(shard->post(Message::run([shard] { shard->drop_largest_partials(); })));
  }
}

// When the sum is over its limit, one shard at least holds more than its share, and only there the largest go: nobody
// has to go for what is held elsewhere.
void Shard::drop_largest_partials() {
  relief_due_.store(false);
  const std::size_t share = options_.total_partial_bytes / shared_.shards.size();
  while (partial_bytes_ > share &&
         shared_.partial_bytes.load(std::memory_order_relaxed) > options_.total_partial_bytes) {
    Connection* connection = nullptr;
    connections_.for_each([&connection](Connection& each) {
      if (each.partial != 0 && (!connection || each.partial > connection->partial)) connection = &each;
    });
    SessionEntry* session = nullptr;
    sessions_.for_each([&session](SessionEntry& each) {
      if (each.partial != 0 && (!session || each.partial > session->partial)) session = &each;
    });
    if (!connection && !session) return;
    partial_full.write("TOTAL_PARTIAL_BYTES is reached: the client that holds most is closed");
    if (!session || (connection && connection->partial >= session->partial)) {
      close_connection(*connection, CloseReason::forced_close);
      continue;
    }
    session->partial_above = 0;
    if (session->session.open()) session->session.close(CloseReason::forced_close, now_);
    session->touched();
    count_partial(session->partial, 0);
  }
}

}  // namespace signalbox::net
