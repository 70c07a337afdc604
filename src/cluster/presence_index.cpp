#include "cluster/presence_index.hpp"

#include <utility>

#include "base/assert.hpp"
#include "base/json_check.hpp"
#include "base/json_scan.hpp"
#include "base/whole_number.hpp"
#include "cluster/adapter_text.hpp"
#include "cluster/presence_lua.hpp"

namespace signalbox::cluster {
namespace {

using redis::Answer;
using redis::Reply;

template <class Number = std::uint64_t>
Number number_in(std::string_view text) {
  return whole_number<Number>(text).value_or(0);
}

std::vector<std::string> texts_in(Reply& reply) {
  std::vector<std::string> texts;
  texts.reserve(reply.elements.size());
  for (Reply& each : reply.elements) texts.push_back(std::move(each.text));
  return texts;
}

std::vector<UserNodes> users_in(Reply& hash) {
  std::vector<UserNodes> users;
  users.reserve(hash.elements.size() / 2);
  for (std::size_t i = 0; i + 1 < hash.elements.size(); i += 2)
    users.push_back({.user = std::move(hash.elements[i].text), .nodes = std::move(hash.elements[i + 1].text)});
  return users;
}

std::vector<LivingNode> nodes_in(Reply& reply) {
  std::vector<LivingNode> nodes;
  for (std::size_t i = 0; i + 2 < reply.elements.size(); i += 3)
    nodes.push_back({.id = std::move(reply.elements[i].text),
                     .lease = Milliseconds(reply.elements[i + 1].number),
                     .about = std::move(reply.elements[i + 2].text)});
  return nodes;
}

/// Of the answer what `read` makes of it; nothing where there is none.
template <class Result, class Read>
redis::OnAnswer answer_to(PresenceScripts::On<Result> on, Read read) {
  return [on = std::move(on), read](Answer answer) mutable {
    on(answer ? std::optional<Result>(read(*answer)) : std::nullopt);
  };
}

bool is_not_zero(const Reply& reply) {
  return reply.number != 0;
}

void ignore(const Answer&) {}

}  // namespace

PresenceIndex::PresenceIndex(redis::Client& client, const Keys& keys, const NodeTimes& times)
    : client_(client), keys_(keys), times_(times) {}

redis::ScriptCall PresenceIndex::of_users(unsigned partition, const std::string& node) const {
  return {.keys = {keys_.online(partition), keys_.of_node(partition, node), keys_.version(partition)},
          .arguments = {node, keys_.changes(partition)}};
}

redis::ScriptCall PresenceIndex::of_nodes(std::vector<std::string> arguments) const {
  return {.keys = {keys_.nodes(), keys_.dead_nodes(), keys_.about_nodes()}, .arguments = std::move(arguments)};
}

void PresenceIndex::tell(unsigned partition, const std::string& node, const std::vector<UserState>& users, Done done) {
  SB_ASSERT(users.size() <= kMost);
  redis::ScriptCall call = of_users(partition, node);
  for (const auto& [user, state] : users) {
    call.arguments.push_back(user);
    call.arguments.push_back(state.word());
  }
  client_.run(tell_script(), std::move(call),
              [done = std::move(done)](const Answer& answer) mutable { done(answer.has_value()); });
}

void PresenceIndex::reap(unsigned partition, const std::string& node, On<bool> more) {
  redis::ScriptCall call = of_users(partition, node);
  call.arguments.push_back(std::to_string(kMost));
  client_.run(reap_script(), std::move(call), answer_to(std::move(more), is_not_zero));
}

void PresenceIndex::count(unsigned partition, const std::string& node, On<std::size_t> on) {
  client_.send({"SCARD", keys_.of_node(partition, node)},
               answer_to(std::move(on), [](const Reply& reply) { return static_cast<std::size_t>(reply.number); }));
}

void PresenceIndex::members(unsigned partition, const std::string& node,
                            std::function<void(std::vector<std::string>)> on) {
  scan(keys_.of_node(partition, node), "0", std::move(on));
}

void PresenceIndex::scan(const std::string& set, const std::string& cursor,
                         std::function<void(std::vector<std::string>)> on) {
  client_.send({"SSCAN", set, cursor, "COUNT", std::to_string(kMost)},
               [this, set, on = std::move(on)](Answer answer) mutable {
                 if (!answer || answer->elements.size() != 2) return;
                 on(texts_in(answer->elements[1]));
                 const std::string& next = answer->elements[0].text;
                 if (next != "0") scan(set, next, std::move(on));
               });
}

void PresenceIndex::enter(const std::string& node, const std::string& about, On<bool> alive) {
  client_.run(beat_script(), of_nodes({node, std::to_string(times_.lease.count()), about}),
              answer_to(std::move(alive), is_not_zero));
}

void PresenceIndex::beat(const std::string& node, On<bool> alive) {
  client_.run(beat_script(), of_nodes({node, std::to_string(times_.lease.count())}),
              answer_to(std::move(alive), is_not_zero));
}

void PresenceIndex::end_lease(const std::string& node) {
  client_.run(end_lease_script(), of_nodes({node}), ignore);
}

void PresenceIndex::sweep(On<std::vector<std::string>> dead) {
  client_.run(sweep_script(), of_nodes({std::to_string(times_.grace.count())}), answer_to(std::move(dead), texts_in));
}

void PresenceIndex::bury(const std::string& node) {
  client_.run(bury_script(), of_nodes({node}), ignore);
}

void PresenceIndex::bury_unknown(const std::vector<std::string>& nodes) {
  client_.run(bury_unknown_script(), of_nodes(nodes), ignore);
}

void PresenceIndex::forget(const std::string& node) {
  client_.send({"SREM", keys_.dead_nodes(), node}, ignore);
}

void PresenceIndex::nodes(On<std::vector<LivingNode>> on) {
  client_.run(nodes_script(), of_nodes({}), answer_to(std::move(on), nodes_in));
}

void PresenceIndex::snapshot(unsigned partition, On<Snapshot> on) {
  client_.run(snapshot_script(), {.keys = {keys_.online(partition), keys_.version(partition)}, .arguments = {}},
              [on = std::move(on)](Answer answer) mutable {
                if (!answer || answer->elements.size() != 3) return on(std::nullopt);
                Reply &epoch = answer->elements[0], &number = answer->elements[1], &users = answer->elements[2];
                on(Snapshot{.version = {std::move(epoch.text), number_in(number.text)}, .users = users_in(users)});
              });
}

void PresenceIndex::nodes_of(unsigned partition, const std::string& user, On<std::string> on) {
  client_.send({"HGET", keys_.online(partition), user}, [on = std::move(on)](Answer answer) mutable {
    answer ? on(std::move(answer->text)) : on(std::nullopt);
  });
}

void PresenceIndex::version(unsigned partition, On<Version> on) {
  client_.send({"HMGET", keys_.version(partition), "epoch", "ver"}, [on = std::move(on)](Answer answer) mutable {
    if (!answer || answer->elements.size() != 2) return on(std::nullopt);
    on(Version{std::move(answer->elements[0].text), number_in(answer->elements[1].text)});
  });
}

void PresenceIndex::agree(const Agreement& ours, On<Agreement> theirs) {
  client_.run(agree_script(),
              {.keys = {keys_.agreed()}, .arguments = {std::to_string(ours.partitions), std::to_string(ours.protocol)}},
              [theirs = std::move(theirs)](const Answer& answer) mutable {
                if (!answer || answer->elements.size() != 2) return theirs(std::nullopt);
                theirs(Agreement{.partitions = number_in<std::uint32_t>(answer->elements[0].text),
                                 .protocol = number_in<std::uint32_t>(answer->elements[1].text)});
              });
}

std::optional<Change> read_change(std::string_view payload) {
  constexpr std::size_t kDepth = 2;
  if (!valid_json(payload, kDepth)) return std::nullopt;
  Change change;
  JsonItems members(payload);
  while (const auto value = members.is_object() ? members.next() : std::nullopt) {
    if (members.named("e")) change.version.epoch = text_of(*value);
    if (members.named("v")) change.version.number = number_in(*value);
    if (!members.named("s")) continue;
    JsonItems users(*value);
    while (const auto nodes = users.is_object() ? users.next() : std::nullopt)
      change.users.push_back({.user = users.key(), .nodes = text_of(*nodes)});
  }
  if (change.version.epoch.empty() || change.version.number == 0) return std::nullopt;
  return change;
}

}  // namespace signalbox::cluster
