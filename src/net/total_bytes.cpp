#include <algorithm>
#include <utility>
#include <vector>

#include "base/log.hpp"
#include "net/shard.hpp"

// TOTAL_PARTIAL_BYTES and TOTAL_QUEUE_BYTES: what clients have begun and not finished, and what waits for them, counted
// over all shards.
namespace signalbox::net {
namespace {

log::RareWarning partial_full, queues_full;

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
  count(partial_, std::exchange(counted, static_cast<std::uint32_t>(bytes)), bytes);
}

void Shard::count_queue(SessionEntry& entry) {
  const std::size_t bytes = entry.session.queue().bytes();
  count(queued_, std::exchange(entry.queued, bytes), bytes);
}

// The answer that a client has not read yet: no queue has it any more.
void Shard::count_queue(Connection& connection) {
  const std::size_t bytes = connection.http && connection.mode != Mode::closed ? connection.http->out.size() : 0;
  count(queued_, std::exchange(connection.queued, static_cast<std::uint32_t>(bytes)), bytes);
}

void Shard::count(Held& held, std::size_t before, std::size_t after) {
  if (after == before) return;
  held.here += after - before;
  const auto all = held.all.fetch_add(after - before, std::memory_order_relaxed) + after - before;
  if (after > before && all > held.limit) relieve_all();
}

// When the sum is over its limit, one shard at least holds more than its share, and only there the largest go: nobody
// has to go for what is held elsewhere.
bool Shard::too_much(const Held& held) const {
  return held.here > held.limit / shared_.shards.size() && held.all.load(std::memory_order_relaxed) > held.limit;
}

// Who holds most may be with another shard. One shard after the other looks, or several would each let go what is too
// much. As messages, since the caller may be inside the one that has to go.
void Shard::relieve_all() {
  if (shared_.relief_asked.fetch_add(1) != 0) return;
  Shard* first = shared_.shards.front().get();
  static_cast<void>(first->post(Message::run([first] { first->relieve(); })));
}

// Who asked while the shards looked may hold what the first of them did not see.
void Shard::relieve() {
  drop_largest_partials();
  drop_largest_queues();
  if (index_ + 1 < shared_.shards.size()) {
    Shard* next = shared_.shards[index_ + 1].get();
    static_cast<void>(next->post(Message::run([next] { next->relieve(); })));
    return;
  }
  const bool asked_meanwhile = shared_.relief_asked.exchange(0) > 1;
  const bool over = partial_.all.load() > partial_.limit || queued_.all.load() > queued_.limit;
  if (asked_meanwhile && over) relieve_all();
}

/// Whoever holds something of it on this shard, the largest first.
template <class Count>
std::vector<Shard::Holder> Shard::largest_first(Count count) {
  std::vector<Holder> holders;
  const auto add = [&holders](std::size_t bytes, Connection* connection, SessionEntry* session) {
    if (bytes != 0) holders.push_back({bytes, connection, session});
  };
  connections_.for_each([&](Connection& each) { add(count(each), &each, nullptr); });
  sessions_.for_each([&](SessionEntry& each) { add(count(each), nullptr, &each); });
  std::ranges::sort(holders, std::ranges::greater{}, &Holder::bytes);
  return holders;
}

void Shard::drop_largest_partials() {
  if (!too_much(partial_)) return;
  for (const Holder& holder : largest_first([](const auto& each) { return each.partial; })) {
    if (!too_much(partial_)) return;
    partial_full.write("TOTAL_PARTIAL_BYTES is reached: the client that holds most is closed");
    if (holder.connection) {
      close_connection(*holder.connection, CloseReason::forced_close);
      continue;
    }
    SessionEntry& entry = *holder.session;
    entry.partial_above = 0;
    if (entry.session.open()) entry.session.close(CloseReason::forced_close, now_);
    entry.touched();
    count_partial(entry.partial, 0);
  }
}

void Shard::drop_largest_queues() {
  if (!too_much(queued_)) return;
  for (const Holder& holder : largest_first([](const auto& each) { return each.queued; })) {
    if (!too_much(queued_)) return;
    queues_full.write("TOTAL_QUEUE_BYTES is reached: the client for whom most waits is closed");
    if (holder.connection) {
      close_connection(*holder.connection, CloseReason::slow_consumer);
      continue;
    }
    SessionEntry& entry = *holder.session;
    entry.session.close(CloseReason::slow_consumer, now_);
    entry.session.queue().clear();  // also of one that was ending already
    entry.touched();
    count_queue(entry);
  }
}

}  // namespace signalbox::net
