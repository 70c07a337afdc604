#include "cluster/shared_store.hpp"

namespace signalbox::cluster {

users::Row SharedStore::put(std::string_view user, const users::JobEntry& outcome, users::Row replaces,
                            users::CommitGroup group) {
  const users::Row row = disk_.put(user, outcome, users::of_another(replaces) ? 0 : replaces, group);
  groups_.begin(group);
  tell_(Offered{.user = std::string(user),
                .event = outcome.frame,
                .time = outcome.time,
                .row = row,
                .replaces = replaces,
                .group = group});
  return row;
}

void SharedStore::received(std::string_view user, std::vector<users::Row> rows, users::WallMs at) {
  tell_(Received{.user = std::string(user), .rows = rows, .at = at});
  std::erase_if(rows, users::of_another);
  if (!rows.empty()) disk_.received(user, std::move(rows), at);
}

void SharedStore::forget(std::vector<users::Row> rows) {
  std::erase_if(rows, users::of_another);
  if (!rows.empty()) disk_.forget(std::move(rows));
}

void SharedStore::when_committed(users::CommitGroup group, Committed callback) {
  disk_.when_committed(group, [&groups = groups_, group, callback = std::move(callback)](users::Commit commit) mutable {
    groups.when_ended(group, [callback = std::move(callback), commit](bool room) mutable {
      const bool kept = commit == users::Commit::durable || commit == users::Commit::nowhere;
      callback(kept && !room ? users::Commit::no_room : commit);
    });
  });
}

void SharedStore::on_refused(users::OutcomeStore::Refused callback) {
  disk_.on_refused([this, callback = std::move(callback)](users::RefusedOutcome outcome) {
    tell_(cluster::Refused{outcome});
    callback(std::move(outcome));
  });
}

}  // namespace signalbox::cluster
