#include <algorithm>
#include <utility>
#include <vector>

#include "base/log.hpp"
#include "net/shard.hpp"

// TOTAL_PARTIAL_BYTES and TOTAL_QUEUE_BYTES: what clients have begun and not finished, and what waits for them, counted
// over all shards.
namespace signalbox::net {
namespace {

/// What is said of who has to go.
struct Full {
  std::string_view of_strangers, of_users;
  log::RareWarning strangers{}, users{};

  void say(Standing standing) {
    standing == Standing::unauthenticated ? strangers.write(of_strangers) : users.write(of_users);
  }
};

Full partials_full = {
    "half of TOTAL_PARTIAL_BYTES, or all, is reached: of the clients without a login the one that has been longest at "
    "what it has not finished is closed",
    "TOTAL_PARTIAL_BYTES is reached: of the user whose clients hold most one is closed"};
Full queues_full = {
    "half of TOTAL_QUEUE_BYTES, or all, is reached: of the clients without a login the one that has been longest at "
    "what it does not read is closed",
    "TOTAL_QUEUE_BYTES is reached: of the user for whom most waits one client is closed"};

std::uint64_t milliseconds(Clock::duration time) {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(0, std::chrono::duration_cast<Milliseconds>(time).count()));
}

}  // namespace

// A WebSocket has its session's standing, which may have logged in or left meanwhile.
void Shard::count_partial(Connection& connection) {
  std::size_t bytes = connection.decoder ? connection.decoder->partial_bytes() : 0;
  if (connection.extra) bytes += connection.extra->held.size();
  if (connection.http) {
    bytes += connection.http->parser.partial_bytes() + connection.http->body.size() + connection.http->input.size();
  }
  if (bytes == 0 && connection.partial == 0) return;
  if (const SessionEntry* entry = session_of(connection)) set_standing(connection, standing_of(*entry));
  count_partial(connection, bytes);
}

void Shard::count_partial(Connection& connection, std::size_t bytes) {
  const std::size_t before = std::exchange(connection.partial, static_cast<std::uint32_t>(bytes));
  const auto change = static_cast<std::ptrdiff_t>(bytes - before);
  if (partial_.add(connection.standing, change, change)) relieve_all();
}

void Shard::count_partial(SessionEntry& entry) {
  const std::size_t post = entry.post ? entry.post->content_type.size() + entry.post->body.size() : 0;
  count_partial(entry, entry.partial_above + post);
}

void Shard::count_partial(SessionEntry& entry, std::size_t bytes) {
  const std::size_t before = std::exchange(entry.partial, static_cast<std::uint32_t>(bytes));
  const auto change = static_cast<std::ptrdiff_t>(bytes - before);
  if (partial_.add(standing_of(entry), change, change)) relieve_all();
}

// A frame that several wait for is in the total once; each client is judged by the whole of it.
void Shard::count_queue(SessionEntry& entry) {
  const std::size_t bytes = entry.session.held_bytes();
  const auto whole = static_cast<std::ptrdiff_t>(bytes - std::exchange(entry.queued, bytes));
  if (queued_.add(standing_of(entry), entry.session.take_memory_change(), whole)) relieve_all();
}

// The answer that a client has not read yet: no queue has it any more.
void Shard::count_queue(Connection& connection) {
  const std::size_t bytes = connection.http && connection.mode != Mode::closed ? connection.http->out.size() : 0;
  const std::size_t before = std::exchange(connection.queued, static_cast<std::uint32_t>(bytes));
  const auto change = static_cast<std::ptrdiff_t>(bytes - before);
  if (queued_.add(connection.standing, change, change)) relieve_all();
}

void Shard::set_standing(Connection& connection, Standing standing) {
  const Standing before = std::exchange(connection.standing, standing);
  partial_.move(before, standing, connection.partial);
  queued_.move(before, standing, connection.queued);
}

void Shard::set_standing(const SessionEntry& entry, Standing before, Standing standing) {
  partial_.move(before, standing, entry.partial);
  queued_.move(before, standing, entry.queued);
}

void Shard::set_account(Connection& connection, const Account& account) {
  set_standing(connection, std::max(connection.standing, account.standing));
  connection.http->user = account.user;
}

Account Shard::account_of(const Connection& connection) {
  const SessionEntry* entry = session_of(connection);
  return {connection.standing, entry ? entry->user : connection.http ? connection.http->user : 0};
}

Standing Shard::standing_of(const SessionEntry& entry) {
  return entry.authenticated() ? Standing::login : Standing::unauthenticated;
}

TimePoint Shard::begun_at(const Connection& connection) {
  if (connection.http) return connection.http->begun_at;
  const SessionEntry* entry = session_of(connection);
  return entry ? begun_at(*entry) : TimePoint();
}

TimePoint Shard::begun_at(const SessionEntry& entry) {
  return entry.stranger ? entry.stranger->since : TimePoint();
}

// As messages, since the caller may be inside the one that has to go.
void Shard::relieve_all() {
  if (shared_.relief.asked.fetch_add(1) != 0) return;
  Shard* first = shared_.shards.front().get();
  static_cast<void>(first->post(Message::run([first] { first->relieve(); })));
}

// One shard after the other (ReliefRound): at once, several would each let go what is too much.
void Shard::relieve() {
  Relief& relief = shared_.relief;
  relieve_partials(relief.partial);
  relieve_queues(relief.queued);
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

/// Those of this shard whose turn to go has come in this round, the most urgent first.
template <class Count>
std::vector<Shard::Holder> Shard::first_to_go(const ByteBudget& budget, ReliefRound& round, Count count) {
  std::vector<Holder> holders;
  if (!budget.too_much()) return holders;
  round.look_at(budget);
  const auto add = [&](auto& client, Connection* connection, SessionEntry* session) {
    const std::size_t bytes = count(client);
    const Account account = account_of(client);
    if (bytes == 0 || !round.too_much(budget, account.standing)) return;
    const auto age = [&] { return milliseconds(now() - begun_at(client)) + 1; };
    const bool by_age = account.standing == Standing::unauthenticated;
    const Urgency urgency(account.standing, by_age ? age() : round.held_by(account, bytes));
    if (round.reaches(urgency)) holders.push_back({urgency, account, bytes, connection, session});
  };
  connections_.for_each([&](Connection& each) { add(each, &each, nullptr); });
  sessions_.for_each([&](SessionEntry& each) { add(each, nullptr, &each); });
  std::ranges::sort(holders, std::ranges::greater{},
                    [](const Holder& each) { return std::pair(each.urgency, each.bytes); });
  return holders;
}

template <class Full, class Count, class Close>
void Shard::let_go(const ByteBudget& budget, ReliefRound& round, Full& full, CloseReason reason, Count count,
                   Close close) {
  for (const Holder& holder : first_to_go(budget, round, count)) {
    if (!round.too_much(budget, holder.account.standing)) continue;
    round.let_go(holder.account, holder.bytes);
    full.say(holder.account.standing);
    holder.connection ? close_connection(*holder.connection, reason) : close(*holder.session);
  }
}

void Shard::relieve_partials(ReliefRound& round) {
  const auto count = [](const auto& each) { return each.partial; };
  let_go(partial_, round, partials_full, CloseReason::forced_close, count, [this](SessionEntry& entry) {
    entry.partial_above = 0;
    if (entry.session.open()) entry.session.close(CloseReason::forced_close, now());
    entry.touched();
    count_partial(entry, 0);
  });
}

void Shard::relieve_queues(ReliefRound& round) {
  const auto count = [](const auto& each) { return each.queued; };
  let_go(queued_, round, queues_full, CloseReason::slow_consumer, count, [this](SessionEntry& entry) {
    entry.session.close(CloseReason::slow_consumer, now());
    entry.session.drop_held();  // also of one that was ending already
    entry.touched();
    count_queue(entry);
  });
}

}  // namespace signalbox::net
