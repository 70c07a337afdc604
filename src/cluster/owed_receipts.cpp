#include "cluster/owed_receipts.hpp"

#include <utility>

namespace signalbox::cluster {

OwedReceipts::OwedReceipts(users::OutcomeStore& disk, std::string home, std::int64_t ttl)
    : disk_(disk), home_(std::move(home)), ttl_(ttl) {
  for (users::OwedReceipt& one : disk.owed()) {
    OutcomeName name{.home = std::move(one.home), .row = one.row};
    Owed owed{.receipt = {.name = name, .user = std::move(one.user), .at = one.at},
              .home_has = concerns_index_alone(name),
              .on_disk = true};
    owed_.emplace(name.text(), std::move(owed));
  }
}

void OwedReceipts::add(const Receipt& receipt) {
  if (owed_.size() >= kMost) return;
  const bool home_has = concerns_index_alone(receipt.name);
  Owed& owed = owed_.emplace(receipt.name.text(), Owed{.receipt = receipt, .home_has = home_has}).first->second;
  if (!home_has) put_on_disk(owed);
}

void OwedReceipts::put_on_disk(Owed& owed) {
  if (std::exchange(owed.on_disk, true)) return;
  const auto& [name, user, at] = owed.receipt;
  disk_.owe({.home = name.home, .row = name.row, .user = user, .at = at});
}

void OwedReceipts::heard(const OutcomeName& name, bool Owed::* by) {
  const auto at = owed_.find(name.text());
  if (at == owed_.end()) return;
  at->second.*by = true;
  if (at->second.home_has && at->second.index_has) drop(name);
}

void OwedReceipts::index_failed(const OutcomeName& name) {
  if (const auto at = owed_.find(name.text()); at != owed_.end()) put_on_disk(at->second);
}

void OwedReceipts::index_lost() {
  for (auto& [text, owed] : owed_) owed.index_has = false;
}

void OwedReceipts::drop(const OutcomeName& name) {
  const auto gone = owed_.extract(name.text());
  if (gone && gone.mapped().on_disk) disk_.paid(name.home, name.row);
}

std::optional<users::WallMs> OwedReceipts::received_at(const OutcomeName& name) const {
  if (owed_.empty()) return std::nullopt;
  const auto at = owed_.find(name.text());
  return at == owed_.end() ? std::nullopt : std::optional(at->second.receipt.at);
}

void OwedReceipts::begin_round(bool all, users::WallMs now) {
  round_.clear();
  std::vector<OutcomeName> past;
  for (const auto& [text, owed] : owed_) {
    if (owed.receipt.at + ttl_ <= now) {
      past.push_back(owed.receipt.name);
    } else if (all || !owed.index_has) {
      round_.push_back(text);
    }
  }
  for (const OutcomeName& name : past) drop(name);
}

std::vector<OwedReceipts::Receipt> OwedReceipts::next(std::size_t most) {
  std::vector<Receipt> out;
  for (; !round_.empty() && out.size() < most; round_.pop_front())
    if (const auto at = owed_.find(round_.front()); at != owed_.end()) out.push_back(at->second.receipt);
  return out;
}

}  // namespace signalbox::cluster
