#include "net/reliever.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace signalbox::net {
namespace {

std::uint64_t milliseconds(Clock::duration time) {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(0, std::chrono::duration_cast<Milliseconds>(time).count()));
}

}  // namespace

Reliever::Reliever(Shared& shared, const reactor::Loop& loop, Budgets& budgets, Connections& connections,
                   SessionTable& sessions)
    : shared_(shared), loop_(loop), budgets_(budgets), connections_(connections), sessions_(sessions) {
  shared.relievers.push_back(this);
}

SessionEntry* Reliever::session_of(const Connection& connection) const {
  return sessions_.find(connection.session_slot, connection.session_generation);
}

Account Reliever::account_of(const Connection& connection) const {
  const SessionEntry* entry = session_of(connection);
  return {connection.standing, entry ? entry->user : connection.http ? connection.http->user : 0};
}

TimePoint Reliever::begun_at(const Connection& connection) const {
  if (connection.http) return connection.http->begun_at;
  const SessionEntry* entry = session_of(connection);
  return entry ? entry->begun_at() : TimePoint();
}

// As messages, since the caller may be inside the client that is to be closed.
void ask_for_relief(Shared& shared) {
  if (shared.relief.asked.fetch_add(1) != 0) return;
  Reliever* first = shared.relievers.front();
  static_cast<void>(shared.loops.front()->post(Message::run([first] { first->look(); })));
}

void Reliever::look() {
  Relief& relief = shared_.relief;
  relieve_partials(relief.partial);
  relieve_queues(relief.queued);
  const std::size_t after = loop_.index() + 1;
  if (after < shared_.relievers.size()) {
    Reliever* next = shared_.relievers[after];
    static_cast<void>(shared_.loops[after]->post(Message::run([next] { next->look(); })));
    return;
  }
  const bool partial_left = relief.partial.next(), queued_left = relief.queued.next();
  const auto too_much = [this] { return budgets_.partial().too_much() || budgets_.queued().too_much(); };
  const bool goes_on = (partial_left || queued_left) && too_much();
  if (!goes_on) relief.partial = relief.queued = {};
  const bool asked_meanwhile = relief.asked.exchange(0) > 1;
  if (goes_on || (asked_meanwhile && too_much())) ask_for_relief(shared_);
}

/// The clients of this shard that this round closes, the most urgent first.
template <class Count>
std::vector<Reliever::Holder> Reliever::first_to_go(const ByteBudget& budget, ReliefRound& round, Count count) {
  std::vector<Holder> holders;
  if (!budget.too_much()) return holders;
  round.look_at(budget);
  const auto add = [&](auto& client, Connection* connection, SessionEntry* session) {
    const std::size_t bytes = count(client);
    const Account account = account_of(client);
    if (bytes == 0 || !round.too_much(budget, account.standing)) return;
    const auto age = [&] { return milliseconds(loop_.now() - begun_at(client)) + 1; };
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

template <class Count, class Close>
void Reliever::let_go(const ByteBudget& budget, ReliefRound& round, HolderLimits& full, CloseReason reason, Count count,
                      Close close) {
  for (const Holder& holder : first_to_go(budget, round, count)) {
    if (!round.too_much(budget, holder.account.standing)) continue;
    round.let_go(holder.account, holder.bytes);
    full.of(holder.account.standing).reached();
    holder.connection ? connections_.close(*holder.connection, reason) : close(*holder.session);
  }
}

void Reliever::relieve_partials(ReliefRound& round) {
  const auto count = [](const auto& each) { return each.partial; };
  let_go(budgets_.partial(), round, shared_.limits.partial, CloseReason::forced_close, count,
         [this](SessionEntry& entry) {
           entry.partial_above = 0;
           if (entry.session.open()) entry.session.close(CloseReason::forced_close, loop_.now());
           entry.touched();
           budgets_.set_partial(entry, 0);
         });
}

void Reliever::relieve_queues(ReliefRound& round) {
  const auto count = [](const auto& each) { return each.queued; };
  let_go(budgets_.queued(), round, shared_.limits.queued, CloseReason::slow_consumer, count,
         [this](SessionEntry& entry) {
           entry.session.close(CloseReason::slow_consumer, loop_.now());
           entry.session.drop_held();  // also of one that was ending already
           entry.touched();
           budgets_.count_queue(entry);
         });
}

}  // namespace signalbox::net
