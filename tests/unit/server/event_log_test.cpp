#include "server/event_log.hpp"

#include <gtest/gtest.h>

#include "server/presence_events.hpp"

namespace signalbox::server {
namespace {

std::string read_all(const EventLog& log, std::uint64_t& place) {
  std::string out;
  log.read(place, out, SIZE_MAX);
  return out;
}

TEST(EventLog, is_read_by_each_from_its_own_place) {
  EventLog log(10'000);
  std::uint64_t early = log.end();
  log.add("a");
  std::uint64_t late = log.end();
  log.add("b");
  EXPECT_EQ(read_all(log, early), "ab");
  EXPECT_EQ(read_all(log, late), "b");
  EXPECT_EQ(read_all(log, late), "");
  log.add("c");
  EXPECT_EQ(read_all(log, late), "c");
}

TEST(EventLog, gives_so_many_bytes_at_once_and_ends_with_a_whole_text) {
  EventLog log(10'000);
  std::uint64_t place = log.end();
  for (const char* text : {"one", "two", "three"}) log.add(text);
  std::string out;
  log.read(place, out, 4);
  EXPECT_EQ(out, "onetwo");
  log.read(place, out, 4);
  EXPECT_EQ(out, "onetwothree");
}

TEST(EventLog, forgets_the_oldest_past_its_bytes_and_says_who_has_missed_something) {
  EventLog log(1000);
  std::uint64_t slow = log.end();
  for (int i = 0; i < 100; ++i) {
    log.add(std::string(50, 'x'));
    log.tell();
  }
  EXPECT_LE(log.bytes(), 1000u);
  EXPECT_FALSE(log.has(slow));
  EXPECT_TRUE(log.has(log.end()));
}

TEST(EventLog, keeps_what_came_since_its_readers_were_told_and_what_they_were_told_however_much_it_is) {
  EventLog log(10);
  log.add("old");
  log.tell();
  std::uint64_t told = log.end();
  log.add(std::string(1000, 'x'));
  log.tell();
  std::uint64_t untold = log.end();
  for (int i = 0; i < 10; ++i) log.add(std::string(100, 'y'));
  EXPECT_TRUE(log.has(told));
  log.tell();
  log.add("z");
  EXPECT_FALSE(log.has(told)) << "who was told of it twice";
  EXPECT_EQ(read_all(log, untold), std::string(1000, 'y') + "z");
}

TEST(EventLog, that_was_cleared_has_nothing_for_an_old_place) {
  EventLog log(1000);
  const std::uint64_t before = log.end();
  log.add("a");
  log.clear();
  EXPECT_FALSE(log.has(before));
  EXPECT_TRUE(log.has(log.end()));
  EXPECT_EQ(log.bytes(), 0u);
}

TEST(PresenceEvents, are_one_line_of_JSON_whatever_the_id) {
  EXPECT_EQ(presence_event("ada", true), "event: online\ndata: {\"userId\":\"ada\"}\n\n");
  EXPECT_EQ(presence_event("a\"b", false), "event: offline\ndata: {\"userId\":\"a\\\"b\"}\n\n");
}

TEST(PresenceEvents, of_a_snapshot_have_a_thousand_users_at_most) {
  std::string out;
  SnapshotEvents events(out);
  events.finish();
  EXPECT_EQ(out, "") << "nobody is online";
  for (int i = 0; i < 1001; ++i) events.add("u");
  events.finish();
  const std::string thousand = [] {
    std::string users = "\"u\"";
    for (int i = 1; i < 1000; ++i) users += ",\"u\"";
    return users;
  }();
  EXPECT_EQ(out,
            "event: snapshot\ndata: {\"users\":[" + thousand + "]}\n\nevent: snapshot\ndata: {\"users\":[\"u\"]}\n\n");
}

}  // namespace
}  // namespace signalbox::server
