#pragma once
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "hub/user_sockets.hpp"

namespace signalbox::server::admin {

/// What several threads have to say of a user.
struct Gathered {
  std::vector<hub::SocketSight> sockets{};
  std::vector<std::string> nodes{};
  std::size_t disconnected = 0;
  bool whole = true;  ///< false: somebody has not answered in time
};

/// Questions to several threads. Each has one end: when all have answered, or two seconds later with what there is. So
/// a thread that hangs holds up no answer.
///
/// thread  its owner's. Pure.
class Gathering {
 public:
  using Then = std::move_only_function<void(Gathered)>;

  /// `parts` answers are to come. Returns the number by which they do; with none it ends at once.
  std::uint64_t begin(std::size_t parts, TimePoint now, Then then);
  /// One of them: `put` adds it to the rest. One that comes too late is nobody's.
  template <class Put>
  void add(std::uint64_t number, Put put) {
    Question* const question = find(number);
    if (!question) return;
    put(question->found);
    if (--question->parts == 0) end(*question);
  }
  TimePoint next_deadline() const { return questions_.empty() ? kNever : questions_.front().until; }
  void on_timer(TimePoint now);

 private:
  struct Question {
    std::uint64_t number;
    std::size_t parts;
    TimePoint until;
    Then then;
    Gathered found{};
  };
  Question* find(std::uint64_t number);
  void end(Question& question);

  std::deque<Question> questions_;  ///< by their time
  std::uint64_t last_ = 0;
};

}  // namespace signalbox::server::admin
