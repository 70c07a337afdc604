#include "server/idempotency.hpp"

#include <gtest/gtest.h>

namespace signalbox::server {
namespace {

using Kind = Idempotency::Kind;
const TimePoint kStart{};
const Digest kBody = sha256("body");
net::RequestId request(std::uint32_t number) {
  return {.number = number};
}

TEST(Idempotency, repeats_the_first_answer_for_its_time_and_then_forgets_it) {
  Idempotency keys;
  EXPECT_EQ(keys.begin("k", kBody, request(1), kStart).kind, Kind::first);
  EXPECT_TRUE(keys.finish("k", true, "answer", kStart).empty());
  const auto repeat = keys.begin("k", kBody, request(2), kStart + std::chrono::minutes(10) - Milliseconds(1));
  EXPECT_EQ(repeat.kind, Kind::repeat);
  EXPECT_EQ(repeat.body, "answer");
  EXPECT_EQ(keys.begin("k", kBody, request(3), kStart + std::chrono::minutes(10)).kind, Kind::first);
}

TEST(Idempotency, refuses_the_same_key_with_another_body) {
  Idempotency keys;
  keys.begin("k", kBody, request(1), kStart);
  EXPECT_EQ(keys.begin("k", sha256("other"), request(2), kStart).kind, Kind::conflict)
      << "while the first is carried out";
  keys.finish("k", true, "answer", kStart);
  EXPECT_EQ(keys.begin("k", sha256("other"), request(3), kStart).kind, Kind::conflict) << "and after it";
}

TEST(Idempotency, lets_repeats_wait_with_the_first) {
  Idempotency keys;
  keys.begin("k", kBody, request(1), kStart);
  EXPECT_EQ(keys.begin("k", kBody, request(2), kStart).kind, Kind::wait);
  EXPECT_EQ(keys.begin("k", kBody, request(3), kStart).kind, Kind::wait);
  EXPECT_EQ(keys.finish("k", true, "answer", kStart), (std::vector{request(2), request(3)}));
}

TEST(Idempotency, remembers_nothing_but_success) {
  Idempotency keys;
  keys.begin("k", kBody, request(1), kStart);
  keys.finish("k", false, "429", kStart);
  EXPECT_EQ(keys.size(), 0u);
  EXPECT_EQ(keys.begin("k", kBody, request(2), kStart).kind, Kind::first);
}

TEST(Idempotency, pushes_the_oldest_out_at_its_bound_but_never_one_that_is_carried_out) {
  Idempotency keys({.keep = Milliseconds(1000), .max_keys = 3});
  keys.begin("under way", kBody, request(0), kStart);
  for (const char* key : {"a", "b", "c", "d"}) {
    keys.begin(key, kBody, request(1), kStart);
    keys.finish(key, true, key, kStart);
  }
  EXPECT_LE(keys.size(), 3u);
  EXPECT_EQ(keys.begin("d", kBody, request(2), kStart).kind, Kind::repeat);
  EXPECT_EQ(keys.begin("under way", kBody, request(2), kStart).kind, Kind::wait);
  EXPECT_EQ(keys.begin("a", kBody, request(2), kStart).kind, Kind::first) << "it was the oldest";
}

}  // namespace
}  // namespace signalbox::server
