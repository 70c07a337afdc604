#pragma once
#include <deque>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/message.hpp"

// Mailboxes that the test empties, and a clock that the test turns.
namespace signalbox::users::test {

inline TimePoint test_now{};
inline int test_shard = 0;

class FakeMailboxes final : public Mailboxes {
 public:
  explicit FakeMailboxes(unsigned shards) : boxes(shards) {}
  unsigned shards() const override { return static_cast<unsigned>(boxes.size()); }
  bool post(unsigned shard, Message&& message) override {
    boxes[shard].push_back(std::move(message));
    return true;
  }
  bool has_room(unsigned, std::size_t) const override { return !full; }
  int current_shard() const override { return test_shard; }

  std::vector<std::deque<Message>> boxes;
  bool full = false;
};

}  // namespace signalbox::users::test
