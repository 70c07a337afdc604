#include "server/admin/recent_refusals.hpp"

#include <gtest/gtest.h>

#include <fmt/format.h>

#include "server/admin/noted_refusals.hpp"
#include "server/answers.hpp"

namespace signalbox::server::admin {
namespace {

struct Refusals : testing::Test {
  /// "what: reason xcount", the newest first.
  std::vector<std::string> rows() const {
    std::vector<std::string> out;
    for (const auto& row : refusals.rows()) out.push_back(fmt::format("{}: {} x{}", row.what, row.reason, row.count));
    return out;
  }
  using Rows = std::vector<std::string>;

  RecentRefusals refusals;
  std::int64_t at = 1'000'000;
};

TEST_F(Refusals, are_told_with_the_newest_first) {
  refusals.note("login", "one", at);
  refusals.note("emit", "two", at + 5);
  EXPECT_EQ(rows(), (Rows{"emit: two x1", "login: one x1"}));
  EXPECT_EQ(refusals.rows().front().at, at + 5);
  EXPECT_EQ(refusals.total(), 2U);
}

TEST_F(Refusals, of_one_reason_within_a_minute_of_the_last_are_one_row) {
  refusals.note("login", "one", at);
  refusals.note("login", "two", at);
  refusals.note("login", "one", at + 59'999);
  EXPECT_EQ(rows(), (Rows{"login: one x2", "login: two x1"})) << "it is the newest again";
  EXPECT_EQ(refusals.rows().front().at, at + 59'999);
  refusals.note("login", "one", at + 120'000);
  EXPECT_EQ(rows(), (Rows{"login: one x1", "login: one x2", "login: two x1"}));
}

TEST_F(Refusals, are_a_hundred_rows_at_most) {
  for (int i = 0; i < 300; ++i) refusals.note("origin", fmt::format("reason {}", i), at + i * 60'000L);
  ASSERT_EQ(rows().size(), RecentRefusals::kMost);
  EXPECT_EQ(rows().front(), "origin: reason 299 x1");
  EXPECT_EQ(rows().back(), "origin: reason 200 x1");
}

TEST_F(Refusals, of_a_kind_whose_reasons_others_choose_do_not_push_out_the_rest) {
  refusals.note("login", "one", at);
  for (int i = 0; i < 1000; ++i) refusals.note("origin", fmt::format("reason {}", i), at);
  EXPECT_EQ(rows().size(), RecentRefusals::kNewAMinute + 2);
  EXPECT_EQ(rows().front(), "origin: Others of this kind: too many to tell each. x980");
  EXPECT_EQ(rows().back(), "login: one x1");
  refusals.note("origin", "later", at + 60'000);
  EXPECT_EQ(rows().front(), "origin: later x1");
}

TEST_F(Refusals, have_reasons_of_bounded_length) {
  refusals.note("worker", std::string(100'000, 'x'), at);
  EXPECT_EQ(refusals.rows().front().reason.size(), RecentRefusals::kMaxReason);
}

TEST_F(Refusals, that_are_counted_anyway_are_taken_from_the_counts) {
  Snapshot counts;
  counts.logins_refused = {{"expired", 2, "The token has expired."}, {"signature", 0, "The signature is wrong."}};
  counts.limits_reached = {{"MAX_CONNECTIONS", 1, "MAX_CONNECTIONS is reached."}};
  refusals.compare(counts, at);
  EXPECT_EQ(rows(), (Rows{"limit: MAX_CONNECTIONS is reached. x1", "login: The token has expired. x2"}));
  refusals.compare(counts, at + 10'000);
  EXPECT_EQ(refusals.total(), 3U) << "nothing new";
  counts.logins_refused[0].value = 7;
  refusals.compare(counts, at + 20'000);
  EXPECT_EQ(rows().front(), "login: The token has expired. x7");
}

TEST_F(Refusals, of_workers_have_the_answer_s_sentence_and_those_for_want_of_room_stand_in_the_counts) {
  const WallTime now{Milliseconds(at)};
  note_worker(refusals, json_response(202, "{}"), now);
  note_worker(refusals, error_response(429, "full"), now);
  note_worker(refusals, error_response(503, "away"), now);
  EXPECT_EQ(rows(), Rows{});
  note_worker(refusals, error_response(401, "Give the key."), now);
  EXPECT_EQ(rows(), (Rows{"worker: 401: Give the key. x1"}));
  EXPECT_EQ(refusals.rows().front().at, at);
}

TEST_F(Refusals, of_origins_name_the_origin) {
  note_origin(refusals, "https://a.example", WallTime{Milliseconds(at)});
  EXPECT_EQ(rows(), (Rows{"origin: https://a.example is not in CORS_ORIGIN. x1"}));
}

}  // namespace
}  // namespace signalbox::server::admin
