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
  const std::size_t before = std::exchange(counted, static_cast<std::uint32_t>(bytes));
  count(partial_, static_cast<std::ptrdiff_t>(bytes - before));
}

// Of frames that several wait for the total has one, and the judgement of each client has them whole.
void Shard::count_queue(SessionEntry& entry) {
  entry.queued = entry.session.queue().bytes();
  count(queued_, entry.session.queue().take_memory_change());
}

// The answer that a client has not read yet: no queue has it any more.
void Shard::count_queue(Connection& connection) {
  const std::size_t bytes = connection.http && connection.mode != Mode::closed ? connection.http->out.size() : 0;
  const std::size_t before = std::exchange(connection.queued, static_cast<std::uint32_t>(bytes));
  count(queued_, static_cast<std::ptrdiff_t>(bytes - before));
}

void Shard::count(Held& held, std::ptrdiff_t change) {
  if (change == 0) return;
  held.all.fetch_add(static_cast<std::size_t>(change), std::memory_order_relaxed);
  if (change > 0 && held.too_much()) relieve_all();
}

// As messages, since the caller may be inside the one that has to go.
void Shard::relieve_all() {
  if (shared_.relief.asked.fetch_add(1) != 0) return;
  Shard* first = shared_.shards.front().get();
  static_cast<void>(first->post(Message::run([first] { first->relieve(); })));
}

// Who holds most may be with any shard. So one after the other looks for it, in rounds: in each, those go who hold at
// least half as much as the largest that the round before left. At once, several would each let go what is too much.
void Shard::relieve() {
  Relief& relief = shared_.relief;
  drop_largest_partials(relief.partial);
  drop_largest_queues(relief.queued);
  if (index_ + 1 < shared_.shards.size()) {
    Shard* next = shared_.shards[index_ + 1].get();
    static_cast<void>(next->post(Message::run([next] { next->relieve(); })));
    return;
  }
  const bool partial_left = relief.partial.next(), queued_left = relief.queued.next();
  const auto too_much = [this] { return partial_.too_much() || queued_.too_much(); };
  const bool goes_on = (partial_left || queued_left) && too_much();
  if (!goes_on) relief.partial = relief.queued = {};
  const bool asked_meanwhile = relief.asked.exchange(0) > 1;
  if (goes_on || (asked_meanwhile && too_much())) relieve_all();
}

/// Those of this shard whose turn to go has come in this round, the largest first.
template <class Count>
std::vector<Shard::Holder> Shard::largest_first(Relief::Round& round, Count count) {
  std::vector<Holder> holders;
  const auto add = [&](std::size_t bytes, Connection* connection, SessionEntry* session) {
    if (bytes != 0 && round.reaches(bytes)) holders.push_back({bytes, connection, session});
  };
  connections_.for_each([&](Connection& each) { add(count(each), &each, nullptr); });
  sessions_.for_each([&](SessionEntry& each) { add(count(each), nullptr, &each); });
  std::ranges::sort(holders, std::ranges::greater{}, &Holder::bytes);
  return holders;
}

void Shard::drop_largest_partials(Relief::Round& round) {
  if (!partial_.too_much()) return;
  for (const Holder& holder : largest_first(round, [](const auto& each) { return each.partial; })) {
    if (!partial_.too_much()) return;
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

void Shard::drop_largest_queues(Relief::Round& round) {
  if (!queued_.too_much()) return;
  for (const Holder& holder : largest_first(round, [](const auto& each) { return each.queued; })) {
    if (!queued_.too_much()) return;
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
