#include "net/budgets.hpp"

#include <algorithm>
#include <utility>

#include "net/connection.hpp"
#include "net/session_entry.hpp"

namespace signalbox::net {
namespace {

template <class Count>
std::ptrdiff_t change(Count& count, std::size_t bytes) {
  const std::size_t before = std::exchange(count, static_cast<Count>(bytes));
  return static_cast<std::ptrdiff_t>(bytes - before);
}

}  // namespace

// What comes by the doors for operators is bounded by their number, and neither closes a client nor is closed for one.
void Budgets::set_partial(Connection& connection, std::size_t bytes) {
  if (connection.door != Door::service) return;
  const auto more = change(connection.partial, bytes);
  relieve_if(partial_.add(connection.standing, more, more));
}

void Budgets::set_partial(SessionEntry& entry, std::size_t bytes) {
  const auto more = change(entry.partial, bytes);
  relieve_if(partial_.add(entry.standing(), more, more));
}

void Budgets::set_queued(Connection& connection, std::size_t bytes) {
  if (connection.door != Door::service) return;
  const auto more = change(connection.queued, bytes);
  relieve_if(queued_.add(connection.standing, more, more));
}

// A frame that waits for several clients counts once in the total; each client is judged by all of it.
void Budgets::count_queue(SessionEntry& entry) {
  const std::size_t before = entry.queued;
  const auto whole = change(entry.queued, entry.session.held_bytes());
  if (before > behind_ || entry.queued > behind_) [[unlikely]]
    count_behind(before, entry.queued);
  relieve_if(queued_.add(entry.standing(), entry.session.take_memory_change(), whole));
}

// Apart from count_queue(), which each turn of a session goes through.
[[gnu::noinline]] void Budgets::count_behind(std::size_t before, std::size_t now) {
  const int more = (now > behind_ ? 1 : 0) - (before > behind_ ? 1 : 0);
  if (more != 0) shared_.behind.fetch_add(more, std::memory_order_relaxed);
}

void Budgets::set_standing(Connection& connection, Standing standing) {
  const Standing before = std::exchange(connection.standing, standing);
  partial_.move(before, standing, connection.partial);
  queued_.move(before, standing, connection.queued);
}

void Budgets::set_standing(const SessionEntry& entry, Standing before, Standing standing) {
  partial_.move(before, standing, entry.partial);
  queued_.move(before, standing, entry.queued);
}

void Budgets::set_account(Connection& connection, const Account& account) {
  set_standing(connection, std::max(connection.standing, account.standing));
  connection.http->user = account.user;
}

void Budgets::relieve_if(bool too_much) {
  if (too_much) ask_for_relief(shared_);
}

}  // namespace signalbox::net
