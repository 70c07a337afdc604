#pragma once
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "cluster/inbox.hpp"
#include "cluster/offered_groups.hpp"
#include "users/outcome_store.hpp"

namespace signalbox::cluster {

/// A node's store on the disk, of which other nodes hear: what is put there is offered to Redis, and what was received
/// is told. Outcomes that other nodes hold never lie on this disk.
///
/// thread  any, as OutcomeStore says.
class SharedStore final : public users::OutcomeStore {
 public:
  using Tell = std::function<void(Inbox::Task)>;

  SharedStore(users::OutcomeStore& disk, OfferedGroups& groups, Tell tell)
      : disk_(disk), groups_(groups), tell_(std::move(tell)) {}

  users::StoreState state() const override { return disk_.state(); }
  void look(TimePoint now) override { disk_.look(now); }
  users::Row put(std::string_view user, const users::JobEntry& outcome, users::Row replaces,
                 users::CommitGroup group) override;
  void received(std::string_view user, std::vector<users::Row> rows, users::WallMs at) override;
  void received_elsewhere(std::string_view user, std::vector<users::Row> rows, users::WallMs at) override {
    disk_.received(user, std::move(rows), at);
  }
  bool wants_progress() const override { return true; }
  void progress(std::string_view user, std::string_view job_id) override {
    tell_(Progressed{.user = std::string(user), .job_id = std::string(job_id)});
  }
  void forget(std::vector<users::Row> rows) override;
  bool keeps_packets() const override { return disk_.keeps_packets(); }
  // Who was online before a restart the other nodes know, and take for gone when the time has come.
  void presence(users::PresenceChanges) override {}
  void redate(std::int64_t by) override { disk_.redate(by); }
  void date_at_most(users::WallMs time) override { disk_.date_at_most(time); }
  /// When they are on the disk, and Redis has them or has not answered for a second.
  void when_committed(users::CommitGroup group, Committed callback) override;
  void read(std::vector<users::StoredFrame> wanted, std::size_t bytes, Found callback) override {
    disk_.read(std::move(wanted), bytes, std::move(callback));
  }
  users::StoredExtent extent() override { return disk_.extent(); }
  void load(bool packets, const Take& take) override { disk_.load(packets, take); }
  std::vector<std::string> online() override { return {}; }
  void on_refused(users::OutcomeStore::Refused callback) override;

 private:
  users::OutcomeStore& disk_;
  OfferedGroups& groups_;
  const Tell tell_;
};

}  // namespace signalbox::cluster
