#pragma once
#include <atomic>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "users/outcome_store.hpp"

namespace signalbox::cluster {

/// In the place of a store where DATA_DIR is empty: outcomes have names, so that other nodes can tell of them and of
/// their receipts, and lie in memory and in the index alone.
///
/// thread  any.
class NoDisk final : public users::OutcomeStore {
 public:
  users::StoreState state() const override { return users::StoreState::ready; }
  void look(TimePoint) override {}
  users::Row put(std::string_view, const users::JobEntry&, users::Row, users::CommitGroup) override {
    return last_row_.fetch_add(1, std::memory_order_relaxed) + 1;
  }
  void received(std::string_view, std::vector<users::Row>, users::WallMs) override {}
  void forget(std::vector<users::Row>) override {}
  bool keeps_packets() const override { return false; }
  void presence(users::PresenceChanges) override {}
  void redate(std::int64_t) override {}
  void date_at_most(users::WallMs) override {}
  void when_committed(users::CommitGroup, Committed callback) override { callback(users::Commit::nowhere); }
  void read(std::vector<users::StoredFrame>, std::size_t, Found callback) override { callback({}); }
  users::StoredExtent extent() override { return {}; }
  void load(bool, const Take&) override {}
  std::vector<std::string> online() override { return {}; }
  void on_refused(Refused) override {}

 private:
  std::atomic<users::Row> last_row_{0};
};

}  // namespace signalbox::cluster
