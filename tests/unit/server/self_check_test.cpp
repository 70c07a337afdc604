#include "server/self_check.hpp"

#include <gtest/gtest.h>

#include <string>

// What a start says of what it has found.
namespace signalbox::server::test {
namespace {

constexpr std::int64_t kToday = 1'796'000'000;

/// A start that nothing is wrong with.
StartFacts good() {
  return {.public_address = "",
          .secrets = {{"JWT_SECRET", "one"}, {"API_KEY", "another"}},
          .unix_time = kToday,
          .memory = std::size_t{4} << 30,
          .memory_bound = std::size_t{1} << 30,
          .directory = "/data",
          .disk = store::DiskKind::disk,
          .speed = {.writes = 100, .p99 = Milliseconds{19}, .answered = true}};
}

/// The one line that is said, with its fields.
std::string said(const StartFacts& facts) {
  const auto all = judge(facts);
  EXPECT_LE(all.size(), 1u);
  return all.empty() ? "" : log::render(all.front().what, all.front().fields, false);
}

bool says(const StartFacts& facts, std::string_view part) {
  const std::string line = said(facts);
  EXPECT_NE(line.find(part), line.npos) << line;
  return line.find(part) != line.npos;
}

TEST(SelfCheck, says_nothing_where_nothing_will_hurt) {
  EXPECT_EQ(said(good()), "");
  EXPECT_EQ(said({.unix_time = kToday}), "") << "without a port, secrets, a store, and knowledge of the memory";
}

TEST(SelfCheck, names_a_public_address_and_what_to_do) {
  StartFacts facts = good();
  facts.public_address = "8.8.8.8";
  EXPECT_TRUE(says(facts, "address=8.8.8.8"));
  EXPECT_TRUE(says(facts, "let a proxy speak https, and set HOST to localhost"));
}

TEST(SelfCheck, names_a_public_address_of_the_admin_page_and_what_to_do) {
  StartFacts facts = good();
  facts.public_admin_address = "8.8.4.4";
  EXPECT_TRUE(says(facts, "ADMIN_PORT listens at a public address"));
  EXPECT_TRUE(says(facts, "set ADMIN_HOST to localhost, or to an address of your own network address=8.8.4.4"));
}

TEST(SelfCheck, finds_two_settings_with_one_secret_and_does_not_show_it) {
  StartFacts facts = good();
  facts.secrets = {{"JWT_SECRET", "hush"}, {"API_KEY", "hush"}};
  EXPECT_TRUE(says(facts, "settings=\"JWT_SECRET and API_KEY\""));
  EXPECT_EQ(said(facts).find("hush"), std::string::npos);
  facts.secrets = {{"JWT_SECRET", ""}, {"API_KEY", ""}};
  EXPECT_EQ(said(facts), "") << "neither is set";
}

TEST(SelfCheck, finds_a_clock_that_was_never_set) {
  StartFacts facts = good();
  facts.unix_time = 86'400;
  EXPECT_TRUE(says(facts, "the clock is years behind"));
}

TEST(SelfCheck, finds_limits_of_more_memory_than_there_is) {
  StartFacts facts = good();
  facts.memory_bound = facts.memory;
  EXPECT_EQ(said(facts), "");
  facts.memory = 256u << 20;
  EXPECT_TRUE(says(facts, "lower LEDGER_TOTAL_BYTES and TOTAL_QUEUE_BYTES"));
  EXPECT_TRUE(says(facts, "memory=268435456"));
}

TEST(SelfCheck, finds_a_store_that_is_gone_with_the_machine_or_the_container) {
  StartFacts facts = good();
  facts.disk = store::DiskKind::memory;
  EXPECT_TRUE(says(facts, "DATA_DIR lies in memory"));
  facts.disk = store::DiskKind::container;
  EXPECT_TRUE(says(facts, "mount a volume there directory=/data"));
  facts.directory = "";
  EXPECT_EQ(said(facts), "") << "there is no store";
}

TEST(SelfCheck, finds_a_slow_disk_and_says_how_long_outcomes_wait) {
  StartFacts facts = good();
  facts.speed = {.writes = 12, .p99 = Milliseconds{20}, .answered = true};
  EXPECT_TRUE(says(facts, "fsync_p99_ms=20 writes=12"));
  facts.speed = {.writes = 0, .p99 = Milliseconds{125}, .answered = false};
  EXPECT_TRUE(says(facts, "fsync_p99_ms=\"more than 125\""));
}

TEST(SelfCheck, says_each_thing_once) {
  StartFacts facts = good();
  facts.public_address = "8.8.8.8";
  facts.public_admin_address = "8.8.8.8";
  facts.secrets = {{"JWT_SECRET", "x"}, {"API_KEY", "x"}, {"THIRD", "x"}};
  facts.unix_time = 0;
  facts.memory = 1;
  facts.disk = store::DiskKind::container;
  facts.speed.p99 = Milliseconds{50};
  EXPECT_EQ(judge(facts).size(), 7u);
}

}  // namespace
}  // namespace signalbox::server::test
