#include "cluster/socket_search.hpp"

#include <vector>

namespace signalbox::cluster {

void SocketSearch::ask(std::string_view tag, std::string_view pid, Then then, TimePoint now) {
  asked_.emplace(++last_, Asked{std::string(tag), std::move(then)});
  deadlines_.emplace_back(now + patience_, last_);
  send_(tag, SocketQuestion{.number = last_, .pid = pid});
}

void SocketSearch::on_question(std::string_view from_tag, const SocketQuestion& question) {
  send_(from_tag, SocketAnswer{.number = question.number, .here = has_ && has_(question.pid)});
}

void SocketSearch::on_answer(std::string_view from_tag, const SocketAnswer& answer) {
  const auto found = asked_.find(answer.number);
  if (found == asked_.end() || found->second.tag != from_tag) return;
  asked_.extract(found).mapped().then(answer.here);
}

template <class Which>
void SocketSearch::give_up(Which which) {
  std::vector<std::uint64_t> all;
  for (const auto& [number, asked] : asked_)
    if (which(asked)) all.push_back(number);
  for (const std::uint64_t number : all) asked_.extract(number).mapped().then(false);
}

void SocketSearch::on_node_gone(std::string_view tag) {
  give_up([tag](const Asked& asked) { return asked.tag == tag; });
}

void SocketSearch::on_bus_lost() {
  give_up([](const Asked&) { return true; });
}

void SocketSearch::on_timer(TimePoint now) {
  while (next_deadline() <= now) {
    if (auto late = asked_.extract(deadlines_.front().second)) late.mapped().then(false);
    deadlines_.pop_front();
  }
}

}  // namespace signalbox::cluster
