#include "users/job_table.hpp"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>

namespace signalbox::users {
namespace {

/// A job's id, with a hash of the test's choice.
HashedText named(std::string_view id, std::size_t hash) {
  HashedText out(id);
  out.hash = hash;
  return out;
}

KeptJob job(const HashedText& id) {
  KeptJob out{.hash = JobTable::short_hash(id)};
  out.newest.frame = text_frame("42[]", FrameKind::progress, id.text);
  return out;
}

TEST(JobTable, finds_what_was_added_by_its_id_alone) {
  JobTable table;
  EXPECT_EQ(table.find(named("a", 1)), nullptr);
  table.add(job(named("a", 1)));
  ASSERT_NE(table.find(named("a", 1)), nullptr);
  EXPECT_EQ(table.find(named("a", 1))->id(), "a");
  EXPECT_EQ(table.find(named("b", 1)), nullptr) << "of the same hash";
}

TEST(JobTable, a_place_stays_while_others_come_and_go_and_is_given_again) {
  JobTable table;
  const auto first = table.place_of(table.add(job(named("a", 1))));
  for (std::size_t i = 0; i < 100; ++i) table.add(job(named("x" + std::to_string(i), i)));
  EXPECT_EQ(table[first].id(), "a");
  table.remove(table[first]);
  EXPECT_EQ(table.place_of(table.add(job(named("b", 2)))), first);
  EXPECT_EQ(table.size(), 101u);
}

// Few hashes, so that most stand elsewhere than at their homes, around the end of the slots too.
TEST(JobTable, keeps_finding_the_others_whatever_is_taken_out) {
  std::mt19937 random(1);
  JobTable table;
  std::map<std::string, std::size_t> known;
  for (int step = 0; step < 20'000; ++step) {
    const std::string id = std::to_string(random() % 60);
    const HashedText text = named(id, std::hash<std::string>{}(id) % 7 + 250);
    KeptJob* found = table.find(text);
    ASSERT_EQ(found != nullptr, known.contains(id));
    if (found) {
      ASSERT_EQ(found->id(), id);
      table.remove(*found);
      known.erase(id);
    } else {
      table.add(job(text));
      known[id] = text.hash;
    }
    ASSERT_EQ(table.size(), known.size());
    for (const auto& [other, hash] : known) ASSERT_NE(table.find(named(other, hash)), nullptr) << other;
  }
}

}  // namespace
}  // namespace signalbox::users
