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
  bool healthy() const override { return well; }
  void put(std::string_view user, std::string_view job, const JobEntry& outcome) override {
    notes.push_back("put " + std::string(user) + " " + std::string(job) + " " + std::to_string(outcome.number));
  }
  void had(std::string_view user, std::uint64_t up_to, WallMs) override {
    notes.push_back("had " + std::string(user) + " " + std::to_string(up_to));
  }
  void forget(std::string_view user, std::string_view job, std::uint64_t) override {
    notes.push_back("forget " + std::string(user) + " " + std::string(job));
  }
  void presence(PresenceChanges changes) override {
    for (const auto& [user, online] : changes) notes.push_back((online ? "online " : "offline ") + user);
  }
  void when_committed(Committed callback) override { callback(well); }
  std::vector<StoredOutcome> load() override { return std::move(found); }
  std::vector<std::string> online() override { return were_online; }

  bool well = true;
  std::vector<std::string> notes;
  std::vector<StoredOutcome> found;
  std::vector<std::string> were_online;
};

}  // namespace signalbox::hub::test
