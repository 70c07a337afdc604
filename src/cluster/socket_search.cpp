#include "cluster/socket_search.hpp"

#include <vector>

namespace signalbox::cluster {

void SocketSearch::ask(std::string_view tag, std::string_view pid, Then then, TimePoint now) {
  Name name(tag, ++last_);
  asked_.emplace(name, std::move(then));
  deadlines_.emplace_back(now + patience_, std::move(name));
  send_(tag, SocketQuestion{.number = last_, .pid = pid});
}

void SocketSearch::on_question(std::string_view from_tag, const SocketQuestion& question) {
  send_(from_tag, SocketAnswer{.number = question.number, .here = has_ && has_(question.pid)});
}

void SocketSearch::on_answer(std::string_view from_tag, const SocketAnswer& answer) {
  if (auto asked = asked_.extract(Name(from_tag, answer.number))) asked.mapped()(answer.here);
}

void SocketSearch::give_up(All::iterator begin, All::iterator end) {
  std::vector<Then> all;
  for (auto each = begin; each != end; ++each) all.push_back(std::move(each->second));
  asked_.erase(begin, end);
  for (Then& then : all) then(false);
}

void SocketSearch::on_node_gone(std::string_view tag) {
  give_up(asked_.lower_bound(Name(tag, 0)), asked_.upper_bound(Name(tag, UINT64_MAX)));
}

void SocketSearch::on_bus_lost() {
  give_up(asked_.begin(), asked_.end());
}

void SocketSearch::on_timer(TimePoint now) {
  while (next_deadline() <= now) {
    if (auto late = asked_.extract(deadlines_.front().second)) late.mapped()(false);
    deadlines_.pop_front();
  }
}

}  // namespace signalbox::cluster
