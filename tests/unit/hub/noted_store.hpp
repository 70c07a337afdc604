#pragma once
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hub/outcome_store.hpp"

namespace signalbox::hub::test {

/// A store that writes down what it was asked.
class NotedStore final : public OutcomeStore {
 public:
  StoreState state() const override { return how; }
  void look(TimePoint) override {
    if (how == StoreState::hanging) {
      for (Found& question : std::exchange(questions, {})) question({});
    }
  }
  void put(std::string_view user, std::string_view job, const JobEntry& outcome, CommitGroup) override {
    kept.push_back({.user = std::string(user), .job_id = std::string(job), .entry = outcome});
    notes.push_back("put " + std::string(user) + " " + std::string(job) + " " + std::to_string(outcome.number));
  }
  void had(std::string_view user, Outcomes outcomes, WallMs) override {
    const std::string after = outcomes.after != 0 ? std::to_string(outcomes.after) + ".." : "";
    notes.push_back("had " + std::string(user) + " " + after + std::to_string(outcomes.up_to));
  }
  void forget(std::string_view user, std::string_view job, std::uint64_t) override {
    notes.push_back("forget " + std::string(user) + " " + std::string(job));
  }
  void presence(PresenceChanges changes) override {
    for (const auto& [user, online] : changes) notes.push_back((online ? "online " : "offline ") + user);
  }
  void when_committed(CommitGroup, Committed callback) override {
    callback(ready() ? Commit::durable : Commit::failed);
  }
  void read(std::string_view user, Found callback) override {
    notes.push_back("read " + std::string(user));
    questions.push_back(std::move(callback));
  }
  void read_jobs(std::string_view user, std::vector<std::string> jobs, std::size_t bytes, Found callback) override {
    std::string note = "read " + std::string(user) + " up to " + std::to_string(bytes) + ":";
    for (const std::string& job : jobs) note += ' ' + job;
    notes.push_back(std::move(note));
    questions.push_back(std::move(callback));
  }
  void load(const Take& take) override {
    for (bool data = true; StoredOutcome & one : found) {
      if (!data) one.entry.frame = key_alone(one.entry.frame);
      data = take(std::move(one));
    }
  }
  std::vector<std::string> online() override { return were_online; }
  void on_refused(Refused callback) override { refuse = std::move(callback); }
  void answer() {
    for (Found& question : std::exchange(questions, {})) question(kept);
  }

  StoreState how = StoreState::ready;
  std::vector<std::string> notes;
  std::vector<StoredOutcome> found;
  std::vector<StoredOutcome> kept;  ///< all that was put
  std::vector<Found> questions;     ///< which wait for answer()
  std::vector<std::string> were_online;
  Refused refuse;  ///< tells that one of those can never be written
};

}  // namespace signalbox::hub::test
