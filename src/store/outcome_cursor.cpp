#include "store/outcome_cursor.hpp"

#include <algorithm>

namespace signalbox::store {
namespace {

constexpr std::size_t kLoadPiece = 1 << 20;  ///< bytes that are read between two looks at the queue

users::Row row_of(const Statement& statement) {
  return static_cast<users::Row>(statement.number(0));
}

/// Goes to that row or, where there is none, to the next. Is it there?
bool go_to(Statement& statement, bool& at_one, users::Row row) {
  while (at_one && row_of(statement) < row) at_one = statement.step();
  return at_one && row_of(statement) == row;
}

}  // namespace

bool LoadedOutcomes::add(const users::StoredOutcome& outcome) {
  const std::size_t bytes = outcome.user.size() + outcome.job_id.size() + outcome.packet.size();
  if (outcomes_.empty()) texts_.reserve(std::max(kLoadPiece, bytes));
  if (texts_.size() + bytes > texts_.capacity()) return false;
  users::StoredOutcome& one = outcomes_.emplace_back(outcome);
  for (std::string_view* text : {&one.user, &one.job_id, &one.packet}) *text = copy(*text);
  return true;
}

std::string_view LoadedOutcomes::copy(std::string_view text) {
  const std::size_t at = texts_.size();
  texts_.insert(texts_.end(), text.begin(), text.end());
  return {texts_.data() + at, text.size()};
}

OutcomeCursor::OutcomeCursor(sqlite3* file)
    : outcome_(file, "SELECT row, number, time, user, job FROM outcome ORDER BY row"),
      packet_(file, "SELECT row, packet FROM packet WHERE row >= ? ORDER BY row"),
      received_(file, "SELECT row, at FROM received ORDER BY row"),
      at_packet_(false),
      at_received_(received_.step()) {
  step();
}

bool OutcomeCursor::step() {
  current_.reset();
  if (!outcome_.step()) return false;
  const users::Row row = row_of(outcome_);
  const bool received = go_to(received_, at_received_, row);
  current_ = {.row = row,
              .number = static_cast<std::uint64_t>(outcome_.number(1)),
              .time = outcome_.number(2),
              .received_at = received ? received_.number(1) : 0,
              .user = outcome_.view(3),
              .job_id = outcome_.view(4)};
  return true;
}

bool OutcomeCursor::next(LoadedOutcomes& piece, bool packets) {
  if (packets && current_ && !at_packet_) at_packet_ = packet_.bind(current_->row).step();
  for (; current_; step()) {
    if (packets && go_to(packet_, at_packet_, current_->row)) current_->packet = packet_.view(1);
    if (!piece.add(*current_)) return true;
  }
  return false;
}

}  // namespace signalbox::store
