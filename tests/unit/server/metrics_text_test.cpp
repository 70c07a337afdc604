#include "server/metrics_text.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <sstream>
#include <string>

namespace signalbox::server {
namespace {

using namespace std::chrono_literals;

bool has_line(const std::string& text, const std::string& line) {
  return ("\n" + text).contains("\n" + line + "\n");
}

TEST(MetricsText, gives_numbers_of_now_as_gauges_and_counts_since_the_start_as_totals) {
  Snapshot snapshot;
  snapshot.users_online = 3;
  snapshot.conflated_events = 12'345'678'901;
  const std::string text = metrics_text(snapshot);
  EXPECT_TRUE(has_line(text, "# TYPE signalbox_users_online gauge")) << text;
  EXPECT_TRUE(has_line(text, "signalbox_users_online 3"));
  EXPECT_TRUE(has_line(text, "# TYPE signalbox_conflated_events_total counter"));
  EXPECT_TRUE(has_line(text, "signalbox_conflated_events_total 12345678901"));
}

TEST(MetricsText, gives_counts_of_several_kinds_a_label) {
  Snapshot snapshot;
  snapshot.logins_refused = {{"expired", 2}, {"signature", 0}};
  const std::string text = metrics_text(snapshot);
  EXPECT_TRUE(has_line(text, R"(signalbox_logins_refused_total{reason="expired"} 2)"));
  EXPECT_TRUE(has_line(text, R"(signalbox_logins_refused_total{reason="signature"} 0)"));
}

TEST(MetricsText, names_each_queue_however_odd_its_name) {
  Snapshot snapshot;
  snapshot.queues.push_back({.name = "a \"b\"\n\\", .source = "bullmq", .events = 7, .behind = 2, .reader = {}});
  const std::string text = metrics_text(snapshot);
  EXPECT_TRUE(has_line(text, R"(signalbox_queue_events_total{queue="a \"b\"\n\\",source="bullmq"} 7)")) << text;
  EXPECT_TRUE(has_line(text, R"(signalbox_queue_behind{queue="a \"b\"\n\\",source="bullmq"} 2)"));
}

// A name is any bytes to Redis. Prometheus takes nothing of a page on which one label is no UTF-8.
TEST(MetricsText, is_utf8_whatever_bytes_name_a_queue) {
  Snapshot snapshot;
  snapshot.queues.push_back({.name = "caf\xe9 \xc3\xa9", .source = "bullmq", .events = 7, .reader = {}});
  EXPECT_TRUE(
      has_line(metrics_text(snapshot), "signalbox_queue_events_total{queue=\"caf\uFFFD \u00e9\",source=\"bullmq\"} 7"));
}

TEST(MetricsText, counts_in_each_bucket_all_that_is_shorter) {
  Histogram turns;
  turns.observe(5us);
  turns.observe(15us);
  turns.observe(1h);
  Snapshot snapshot;
  snapshot.turn = turns.values();
  const std::string text = metrics_text(snapshot);
  EXPECT_TRUE(has_line(text, "# TYPE signalbox_turn_seconds histogram"));
  EXPECT_TRUE(has_line(text, R"(signalbox_turn_seconds_bucket{le="1e-05"} 1)")) << text;
  EXPECT_TRUE(has_line(text, R"(signalbox_turn_seconds_bucket{le="2e-05"} 2)"));
  EXPECT_TRUE(has_line(text, R"(signalbox_turn_seconds_bucket{le="0.01024"} 2)"));
  EXPECT_TRUE(has_line(text, R"(signalbox_turn_seconds_bucket{le="+Inf"} 3)"));
  EXPECT_TRUE(has_line(text, "signalbox_turn_seconds_count 3"));
  EXPECT_TRUE(has_line(text, "signalbox_turn_seconds_sum 3600.00002"));
}

/// The names between `` ` `` in the first cells of the tables whose rows begin with signalbox_.
std::set<std::string> documented() {
  std::ifstream file(SB_SOURCE_DIR "/docs/operations.md");
  std::set<std::string> out;
  for (std::string line; std::getline(file, line);) {
    constexpr std::string_view kBegin = "| `signalbox_";
    if (line.starts_with(kBegin)) out.insert(line.substr(3, line.find('`', 3) - 3));
  }
  return out;
}

TEST(MetricsText, says_what_docs_operations_md_has_and_nothing_else) {
  std::set<std::string> said;
  std::istringstream text(metrics_text({}));
  for (std::string line; std::getline(text, line);) {
    constexpr std::string_view kType = "# TYPE ";
    if (line.starts_with(kType)) said.insert(line.substr(kType.size(), line.rfind(' ') - kType.size()));
  }
  EXPECT_EQ(said, documented());
}

}  // namespace
}  // namespace signalbox::server
