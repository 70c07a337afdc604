#pragma once
#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "users/outcome_store.hpp"

namespace signalbox::users::test {

/// A store that writes down what it was asked.
class NotedStore : public OutcomeStore {
 public:
  /// An outcome as it has it.
  struct Noted {
    std::string user;
    JobEntry entry;
  };

  StoreState state() const override { return how; }
  void look(TimePoint) override {
    if (how == StoreState::hanging) {
      for (Question& question : std::exchange(questions, {})) question.callback({});
    }
  }
  Row put(std::string_view user, const JobEntry& outcome, Row replaces, CommitGroup) override {
    notes.push_back("put " + std::string(user) + " " + job_of(outcome) + " " + std::to_string(outcome.number));
    std::erase_if(kept, [&](const Noted& one) { return one.entry.row == replaces; });
    return add(kept, std::string(user), outcome);
  }
  void received(std::string_view, std::vector<Row> rows, WallMs) override { note("received", rows); }
  void forget(std::vector<Row> rows) override { note("forget", rows); }
  void owe(OwedReceipt one) override {
    notes.push_back("owe " + one.home + " " + std::to_string(one.row) + " of " + one.user);
  }
  void paid(std::string_view home, Row row) override {
    notes.push_back("paid " + std::string(home) + " " + std::to_string(row));
  }
  std::vector<OwedReceipt> owed() override { return owed_before; }
  void presence(PresenceChanges changes) override {
    for (const auto& [user, online] : changes) notes.push_back((online ? "online " : "offline ") + user);
  }
  void redate(std::int64_t by) override { notes.push_back("redate " + std::to_string(by)); }
  void date_at_most(WallMs time) override { notes.push_back("date at most " + std::to_string(time)); }
  void when_committed(CommitGroup, Committed callback) override { callback(ready() ? commit : Commit::failed); }
  void read(std::vector<StoredFrame> wanted, std::size_t bytes, Found callback) override {
    std::string jobs;
    for (const StoredFrame& one : wanted) jobs += ' ' + std::string(one.frame->key());
    notes.push_back(bytes == SIZE_MAX ? "read" + jobs : "read up to " + std::to_string(bytes) + ':' + jobs);
    questions.push_back({std::move(wanted), std::move(callback)});
  }
  StoredExtent extent() override { return {found.size(), found_bytes}; }
  void load(bool packets, const Take& take) override {
    asked_for_packets = packets;
    for (const auto& [user, entry] : found) {
      const bool more = take({.row = entry.row,
                              .number = entry.number,
                              .time = entry.time,
                              .received_at = entry.received_at,
                              .user = user,
                              .job_id = entry.frame->name(),
                              .packet = packets ? entry.frame->packet() : std::string_view{}});
      packets = packets && more;
    }
  }
  std::vector<std::string> online() override { return were_online; }
  void on_refused(Refused callback) override { refuse = std::move(callback); }

  /// What a start finds.
  void find(std::string user, JobEntry outcome) { add(found, std::move(user), std::move(outcome)); }
  void answer() {
    for (Question& question : std::exchange(questions, {})) {
      std::vector<StoredFrame> out;
      for (const StoredFrame& one : question.wanted) {
        const auto has = std::ranges::find(kept, one.row, [](const Noted& noted) { return noted.entry.row; });
        if (has != kept.end()) out.push_back({one.row, has->entry.frame});
      }
      question.callback(out);
    }
  }

  StoreState how = StoreState::ready;
  Commit commit = Commit::durable;  ///< what becomes of groups, while it is ready
  std::vector<std::string> notes;
  std::vector<Noted> found;
  std::size_t found_bytes = 0;  ///< that a start is told of
  bool asked_for_packets = false;
  std::vector<Noted> kept;  ///< all that was put, but for what was replaced
  struct Question {
    std::vector<StoredFrame> wanted;
    Found callback;
  };
  std::vector<Question> questions;  ///< which wait for answer()
  std::vector<std::string> were_online;
  std::vector<OwedReceipt> owed_before;
  Refused refuse;  ///< tells that one of those can never be written

 private:
  static std::string job_of(const JobEntry& outcome) { return std::string(outcome.frame->key()); }
  Row add(std::vector<Noted>& to, std::string user, JobEntry outcome) {
    names_.push_back(user + ' ' + job_of(outcome));
    outcome.row = names_.size();
    to.push_back({std::move(user), std::move(outcome)});
    return names_.size();
  }
  /// "what user job, user job"
  void note(std::string what, const std::vector<Row>& rows) {
    for (const Row row : rows)
      what += (row == rows.front() ? " " : ", ") + (of_another(row) ? "another node's" : names_.at(row - 1));
    notes.push_back(std::move(what));
  }
  std::vector<std::string> names_;  ///< "user job" by row
};

}  // namespace signalbox::users::test
