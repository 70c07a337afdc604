#pragma once
#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/clock.hpp"
#include "base/text.hpp"

namespace signalbox::hub {

class Link;  // hub/hub.hpp

/// The questions that wait on one shard, so that they cost their asker, through however many connections they come.
///
/// They are answered in a row, of each asker in turn, and a turn of the shard writes about a MiB of answers. An asker
/// is a user, or all workers together. The next question of an asker waits while another one is being answered, and
/// while as many bytes of answers as one may have lie unread on the user's connections.
///
/// thread  its shard.
class Questions {
 public:
  /// To look at a job or a user that is not in the answer costs as much as so many bytes of it.
  static constexpr std::size_t kLookBytes = 16;

  struct Cost {
    std::size_t bytes = 0;  ///< of the answer; 0: nobody wanted it any more
    std::size_t looked_at = 0;

    std::size_t in_bytes() const { return bytes + kLookBytes * looked_at; }
  };
  using Answered = std::move_only_function<void(Cost)>;

  struct Question {
    std::string user;   ///< who asks; empty where a worker does
    const Link* link;   ///< of the client that asks, which is of that user; null: a worker asks
    std::size_t bytes;  ///< an answer has about so many at most
    /// Finds the answer and gives it, at once or in a later turn of this shard. Then it says once what that cost.
    std::move_only_function<void(Answered)> answer;
  };

  Questions() = default;
  Questions(const Questions&) = delete;
  Questions& operator=(const Questions&) = delete;

  /// Answers at once where nothing stands before it.
  void ask(Question question);
  /// Is a question of this connection not answered yet?
  bool asks(const Link& link) const;
  /// That connection has gone.
  void forget(const Link& link);

  TimePoint next_deadline() const { return due_; }
  void on_timer(TimePoint now);

 private:
  struct Asker {
    std::deque<Question> waiting{};
    std::vector<const Link*> links{};  ///< those that ask, or have not read an answer
    bool in_row = false;
    bool reading = false;  ///< an answer is being found
  };
  struct Asking {
    Asker* asker = nullptr;
    bool under_way = false;    ///< a question that is not answered yet
    std::size_t answered = 0;  ///< bytes of answers, of which some may be unread
  };

  void line_up(Asker& asker);
  void serve();
  void answer(Asker& asker, Question question);
  void note(const Link& link, std::size_t bytes);
  bool may_go_on(Asker& asker);
  std::size_t unread(Asker& asker);
  void sweep();

  std::unordered_map<std::string, Asker, TextHash, std::equal_to<>> askers_;  ///< workers: under no name
  std::unordered_map<const Link*, Asking> links_;
  std::deque<Asker*> row_;  ///< those with questions, of whom none is being answered
  std::size_t room_ = kBytesATurn;
  TimePoint due_ = kNever;
  TimePoint sweep_at_{};

  static constexpr std::size_t kBytesATurn = std::size_t{1} << 20;
};

}  // namespace signalbox::hub
