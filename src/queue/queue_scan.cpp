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

void QueueScan::begin(Then then) {
  then_ = std::move(then);
  ask("0");
}

void QueueScan::ask(const std::string& cursor) {
  commands_.send({"SCAN", cursor, "MATCH", pattern_, "COUNT", "1000", "TYPE", type_},
                 [this](const redis::Answer& answer) { take(answer); });
}

void QueueScan::take(const redis::Answer& answer) {
  std::vector<std::string> names;
  const bool read = answer && answer->elements.size() == 2;
  const bool last = !read || answer->elements[0].text == "0";
  if (read) {
    for (const redis::Reply& key : answer->elements[1].elements) {
      if (const auto name = queue_in(key.text, prefix_, suffix_)) names.emplace_back(*name);
    }
  }
  Then then = std::exchange(then_, {});
  then(std::move(names), last && read);
  if (last) return;
  then_ = std::move(then);
  ask(answer->elements[0].text);
}

}  // namespace signalbox::queue
