#include "queue/queue_scan.hpp"

#include <utility>

#include "redis/pattern.hpp"

namespace signalbox::queue {

std::optional<std::string_view> queue_in(std::string_view key, std::string_view prefix, std::string_view suffix) {
  if (key.size() <= prefix.size() + suffix.size() || !key.starts_with(prefix) || !key.ends_with(suffix))
    return std::nullopt;
  const auto name = key.substr(prefix.size(), key.size() - prefix.size() - suffix.size());
  return name.contains(':') ? std::nullopt : std::optional(name);
}

QueueScan::QueueScan(redis::Client& commands, std::string prefix, std::string suffix, std::string type)
    : commands_(commands),
      prefix_(std::move(prefix)),
      suffix_(std::move(suffix)),
      type_(std::move(type)),
      pattern_(redis::literal_pattern(prefix_) + "*" + suffix_) {}

void QueueScan::begin(OnFound on_found, OnEnd on_end) {
  on_found_ = std::move(on_found);
  on_end_ = std::move(on_end);
  ask("0");
}

void QueueScan::ask(const std::string& cursor) {
  commands_.send({"SCAN", cursor, "MATCH", pattern_, "COUNT", "1000", "TYPE", type_},
                 [this](const redis::Answer& answer) { take(answer); });
}

void QueueScan::take(const redis::Answer& answer) {
  const bool read = answer && answer->elements.size() == 2;
  if (!read) return std::exchange(on_end_, {})();
  std::vector<std::string> names;
  for (const redis::Reply& key : answer->elements[1].elements) {
    if (const auto name = queue_in(key.text, prefix_, suffix_)) names.emplace_back(*name);
  }
  on_found_(names);
  const std::string& cursor = answer->elements[0].text;
  if (cursor == "0") return std::exchange(on_end_, {})();
  ask(cursor);
}

}  // namespace signalbox::queue
