#include "redis/subscriptions.hpp"

#include <algorithm>
#include <iterator>

#include "base/assert.hpp"

namespace signalbox::redis {
namespace {

const std::expected<void, Error> kUnwanted =
    std::unexpected(Error{.kind = Error::Kind::down, .text = "it is not wanted any more"});

}  // namespace

void Subscriptions::add(Kind kind, std::string_view name, OnConfirmed on_confirmed) {
  auto found = names(kind).find(name);
  if (found == names(kind).end()) found = names(kind).emplace(std::string(name), Name{}).first;
  Name& entry = found->second;
  ++entry.wanted;
  if (entry.confirmed && entry.told) return on_confirmed({});
  entry.waiting.push_back(std::move(on_confirmed));
  note_change(kind, name, entry);
}

void Subscriptions::remove(Kind kind, std::string_view name) {
  const auto found = names(kind).find(name);
  SB_ASSERT(found != names(kind).end() && found->second.wanted > 0);
  if (--found->second.wanted > 0) return;
  note_change(kind, name, found->second);
  erase_unused(names(kind), found);
}

void Subscriptions::note_change(Kind kind, std::string_view text, Name& name) {
  if (!connected_ || name.changed || (name.wanted > 0) == name.told) return;
  name.changed = true;
  changed_[std::to_underlying(kind)].emplace_back(text);
}

/// Nobody wants it, Redis is not subscribed for us, and nothing of it is on its way.
bool Subscriptions::unused(const Name& name) {
  return name.wanted == 0 && !name.told && name.unanswered == 0 && !name.changed;
}

void Subscriptions::erase_unused(Names& names, Names::iterator at) {
  if (unused(at->second)) tell(names.extract(at).mapped(), kUnwanted);
}

void Subscriptions::tell(Name& name, const std::expected<void, Error>& result) {
  for (OnConfirmed& waiting : std::exchange(name.waiting, {})) waiting(result);
}

std::optional<Subscriptions::Batch> Subscriptions::next() {
  for (const Kind kind : {Kind::channel, Kind::pattern}) {
    Batch batch = take_changed(kind);
    if (!batch.names.empty()) return batch;
  }
  return std::nullopt;
}

// Names that want the same command. Those that want the opposite one are left for the next call.
Subscriptions::Batch Subscriptions::take_changed(Kind kind) {
  Batch batch{.kind = kind, .subscribes = false, .names = {}};
  std::vector<std::string> others;
  auto& changed = changed_[std::to_underlying(kind)];
  while (!changed.empty() && batch.names.size() < kBatch) {
    std::string text = std::move(changed.back());
    changed.pop_back();
    const auto at = names(kind).find(text);
    Name& name = at->second;
    const bool subscribe = name.wanted > 0;
    if (batch.names.empty()) batch.subscribes = subscribe;
    name.changed = false;
    if (subscribe == name.told) {
      erase_unused(names(kind), at);
    } else if (subscribe != batch.subscribes) {
      name.changed = true;
      others.push_back(std::move(text));
    } else {
      name.told = subscribe;
      ++name.unanswered;
      batch.names.push_back(std::move(text));
    }
  }
  std::ranges::move(others, std::back_inserter(changed));
  return batch;
}

Command Subscriptions::Batch::command() const {
  const bool channels = kind == Kind::channel;
  Command out{subscribes ? (channels ? "SUBSCRIBE" : "PSUBSCRIBE") : (channels ? "UNSUBSCRIBE" : "PUNSUBSCRIBE")};
  out.insert(out.end(), names.begin(), names.end());
  return out;
}

void Subscriptions::on_answer(const Batch& batch, const Answer& answer) {
  if (!answer && answer.error().kind == Error::Kind::lost) return;  // on_lost() follows
  for (const std::string& text : batch.names) on_answer(names(batch.kind), text, batch.subscribes, answer);
}

// Only the answer to its last command says how it stands. Redis refuses a whole batch for one name; what it refused is
// asked for again on the next connection, or when it is added again.
void Subscriptions::on_answer(Names& names, const std::string& text, bool subscribed, const Answer& answer) {
  const auto at = names.find(text);
  if (at == names.end()) return;
  Name& name = at->second;
  if (--name.unanswered > 0) return;
  name.confirmed = subscribed && answer;
  if (name.confirmed && name.told) tell(name, {});
  if (!answer) {
    name.told = false;
    tell(name, std::unexpected(answer.error()));
  }
  if (const auto still = names.find(text); still != names.end()) erase_unused(names, still);
}

void Subscriptions::on_ready() {
  connected_ = true;
  for (const Kind kind : {Kind::channel, Kind::pattern})
    for (auto& [text, name] : names(kind)) note_change(kind, text, name);
}

void Subscriptions::on_lost() {
  connected_ = false;
  for (auto& changed : changed_) changed.clear();
  std::vector<Names::node_type> erased;  // who is told may add others
  for (Names& all : names_) {
    for (auto at = all.begin(); at != all.end();) {
      Name& name = at->second;
      name.told = name.confirmed = name.changed = false;
      name.unanswered = 0;
      const auto here = at++;
      if (unused(name)) erased.push_back(all.extract(here));
    }
  }
  for (auto& node : erased) tell(node.mapped(), kUnwanted);
}

bool Subscriptions::is_confirmed(Kind kind, std::string_view name) const {
  const Names& all = names_[std::to_underlying(kind)];
  const auto found = all.find(name);
  return found != all.end() && found->second.confirmed && found->second.told;
}

}  // namespace signalbox::redis
