#include "cluster/shared_receipts.hpp"

#include <utility>

namespace signalbox::cluster {

void SharedReceipts::add(const std::string& user, const std::vector<OutcomeName>& names, users::WallMs at) {
  for (const OutcomeName& name : names) owed_.add({.name = name, .user = user, .at = at});
  tell(user, names, at, [](bool) {});
}

void SharedReceipts::tell(const std::string& user, const std::vector<OutcomeName>& names, users::WallMs at,
                          std::move_only_function<void(bool)> then) {
  for (const OutcomeName& name : names) {
    if (name.home != home_ && name.home != OutcomeName::kEmitter)
      nodes_.add(name.home, RelayedReceipt{.user = user, .row = name.row, .at = at});
  }
  index_.received(user, names, at, [this, names, then = std::move(then)](bool done) mutable {
    for (const OutcomeName& name : names) done ? owed_.index_has(name) : owed_.index_failed(name);
    then(done);
  });
}

void SharedReceipts::on_index_lost() {
  owed_.index_lost();
  tell_again(true);
}

// A round that goes on is not cut short for the newest: the next look comes soon.
void SharedReceipts::tell_again(bool all) {
  if (!all && on_their_way_ != 0) return;
  owed_.begin_round(all, coarse_unix_ms());
  if (on_their_way_ == 0) go_on();
}

// A page after the other, unless Redis does not take it.
void SharedReceipts::go_on() {
  const std::vector<OwedReceipts::Receipt> page = owed_.next(kAtOnce);
  on_their_way_ = page.size();
  for (const auto& [name, user, at] : page) {
    tell(user, {name}, at, [this](bool done) {
      if (!done) owed_.end_round();
      if (--on_their_way_ == 0) go_on();
    });
  }
}

void SharedReceipts::marked(std::string_view by, users::Row row, TimePoint now) {
  thanks_.push_back({.to = std::string(by), .row = row});
  thanks_at_ = std::min(thanks_at_, now + kThanksAfter);
}

// What is not here any more needs no receipt, and is thanked for as well.
void SharedReceipts::thank() {
  thanks_at_ = kNever;
  disk_.when_committed(0, [this, thanks = std::exchange(thanks_, {})](users::Commit commit) mutable {
    if (commit != users::Commit::durable && commit != users::Commit::nowhere) return;
    post_([this, thanks = std::move(thanks)] {
      for (const Thanks& each : thanks) nodes_.add(each.to, RelayedThanks{.home = home_, .row = each.row});
    });
  });
}

void SharedReceipts::on_timer(TimePoint now) {
  if (now >= thanks_at_) thank();
  if (again_at_ == kNever) again_at_ = now + kAgainEach;
  if (now < again_at_) return;
  again_at_ = now + kAgainEach;
  tell_again(true);
}

}  // namespace signalbox::cluster
