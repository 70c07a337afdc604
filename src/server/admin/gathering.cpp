#include "server/admin/gathering.hpp"

#include <algorithm>

namespace signalbox::server::admin {
namespace {

constexpr std::chrono::seconds kPatience{2};

}  // namespace

std::uint64_t Gathering::begin(std::size_t parts, TimePoint now, Then then) {
  if (parts == 0) return then({}), 0;
  questions_.push_back({.number = ++last_, .parts = parts, .until = now + kPatience, .then = std::move(then)});
  return last_;
}

Gathering::Question* Gathering::find(std::uint64_t number) {
  const auto found = std::ranges::find(questions_, number, &Question::number);
  return found == questions_.end() ? nullptr : &*found;
}

void Gathering::end(Question& question) {
  Question ended = std::move(question);
  std::erase_if(questions_, [&](const Question& each) { return each.number == ended.number; });
  ended.then(std::move(ended.found));
}

void Gathering::on_timer(TimePoint now) {
  while (next_deadline() <= now) {
    questions_.front().found.whole = false;
    end(questions_.front());
  }
}

}  // namespace signalbox::server::admin
