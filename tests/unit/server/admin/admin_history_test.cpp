#include "server/admin/admin_history.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "server/admin/admin_data.hpp"

namespace signalbox::server::admin {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

Histogram::Values times(std::initializer_list<Clock::duration> observed) {
  Histogram out;
  for (const Clock::duration time : observed) out.observe(time);
  return out.values();
}

/// A quiet server, and `add` ten seconds later again and again.
struct History : testing::Test {
  void add() {
    history.add(look);
    pass(10s);
  }
  void pass(Milliseconds time) {
    look.at += time;
    look.unix_ms += time.count();
  }

  AdminHistory history;
  Look look{.at = TimePoint(1h), .unix_ms = 1'000'000};
};

TEST(Quantile, of_nothing_is_nothing) {
  EXPECT_EQ(quantile({}, 0.5), std::nullopt);
}

TEST(Quantile, lies_within_the_bucket_of_the_time_that_it_means) {
  const auto values = times({15us, 15us, 15us, 15us, 300us, 300us, 300us, 300us, 300us, 5ms});
  EXPECT_NEAR(*quantile(values, 0.2), 15e-6, 1e-9) << "half of the bucket from 10 to 20 us";
  EXPECT_NEAR(*quantile(values, 0.4), 20e-6, 1e-9);
  EXPECT_GT(*quantile(values, 0.5), 160e-6);
  EXPECT_LE(*quantile(values, 0.9), 320e-6);
  EXPECT_GT(*quantile(values, 0.99), 2.56e-3);
  EXPECT_LE(*quantile(values, 0.99), 5.12e-3);
}

TEST(Quantile, of_what_took_longer_than_all_buckets_is_where_they_end) {
  EXPECT_NEAR(*quantile(times({1h}), 0.5), 41.94304, 1e-9);
}

TEST_F(History, has_a_point_each_ten_seconds_with_what_was_so_then) {
  look.snapshot.users_online = 3;
  look.snapshot.unread_outcomes = 7;
  add();
  look.snapshot.users_online = 4;
  add();
  ASSERT_EQ(history.points().size(), 2U);
  EXPECT_EQ(history.points()[0].users_online, 3U);
  EXPECT_EQ(history.points()[0].unheard, 7U);
  EXPECT_EQ(history.points()[1].users_online, 4U);
  EXPECT_EQ(history.points()[1].unix_ms - history.points()[0].unix_ms, 10'000);
}

TEST_F(History, has_in_each_point_what_happened_since_the_one_before_a_second) {
  add();
  look.snapshot.outcomes = 50;
  look.snapshot.cpu_seconds = 2.5;
  look.snapshot.login = times({1ms, 1ms});
  look.snapshot.delivery = times({15us});
  look.refusals = 20;
  add();
  add();
  const Point &busy = history.points()[1], &quiet = history.points()[2];
  EXPECT_DOUBLE_EQ(busy.rates.outcomes, 5);
  EXPECT_DOUBLE_EQ(busy.rates.cpu, 0.25);
  EXPECT_DOUBLE_EQ(busy.rates.logins, 0.2);
  EXPECT_DOUBLE_EQ(busy.rates.refusals, 2);
  EXPECT_TRUE(busy.delivery_p99);
  EXPECT_DOUBLE_EQ(quiet.rates.outcomes, 0);
  EXPECT_FALSE(quiet.delivery_p99);
}

TEST_F(History, is_of_an_hour) {
  for (int i = 0; i < 1000; ++i) add();
  EXPECT_EQ(history.points().size(), 360U);
  EXPECT_EQ(history.points().back().unix_ms - history.points().front().unix_ms, 3'590'000);
}

TEST_F(History, tells_rates_of_some_ten_seconds_whenever_it_is_asked) {
  add();
  add();  // at 10 s
  pass(-10s + 6s);
  look.snapshot.client_packets = 60;
  EXPECT_DOUBLE_EQ(history.rates(look).packets, 10) << "of 6 s";
  pass(-3s);
  EXPECT_DOUBLE_EQ(history.rates(look).packets, 60.0 / 13) << "3 s would be too few: of 13 s";
}

TEST_F(History, tells_rates_before_its_first_point_too) {
  look.snapshot.client_packets = 60;
  EXPECT_DOUBLE_EQ(history.rates(look).packets, 0);
}

TEST_F(History, tells_times_of_the_last_minute_alone) {
  look.snapshot.turn = times({1h});
  add();
  look.snapshot.turn = times({1h, 15us});
  for (int i = 0; i < 5; ++i) add();
  EXPECT_EQ(history.recent(look, &Snapshot::turn).count(), 1U) << "the hour was before";
  for (int i = 0; i < 2; ++i) add();
  EXPECT_EQ(history.recent(look, &Snapshot::turn).count(), 0U);
}

TEST_F(History, is_written_as_series_of_one_length_with_null_where_nothing_was_measured) {
  add();
  look.snapshot.delivery = times({15us});
  add();
  const json said = json::parse(history_json(history.points()));
  EXPECT_EQ(said["every"], 10);
  for (const char* name : {"time", "usersOnline", "connections", "logins", "events", "outcomes", "refusals",
                           "memoryBytes", "cpu", "deliveryP99", "unheard"})
    EXPECT_EQ(said["series"][name].size(), 2U) << name;
  EXPECT_EQ(said["series"]["time"][0], 1'000'000);
  EXPECT_TRUE(said["series"]["deliveryP99"][0].is_null());
  EXPECT_EQ(said["series"]["events"][1], 0.1);
}

TEST_F(History, and_what_is_so_now_are_one_look) {
  look.snapshot.users_online = 5;
  look.snapshot.clients_behind = 2;
  look.snapshot.limits_reached = {{"MAX_CONNECTIONS", 1}, {"SEND_QUEUE_BYTES", 3}};
  json said = json::parse(overview_json({.store = "ok", .redis = "none"}, look, history));
  EXPECT_EQ(said["node"], nullptr);
  EXPECT_EQ(said["ready"], true);
  EXPECT_EQ(said["reason"], nullptr);
  EXPECT_EQ(said["numbers"]["usersOnline"], 5);
  EXPECT_EQ(said["numbers"]["slowNow"], 2);
  EXPECT_EQ(said["numbers"]["slowClients"], 3);
  EXPECT_EQ(said["latencies"]["delivery"]["p99"], nullptr);
  said = json::parse(overview_json({.node = "n1", .reason = "stopping", .store = "ok", .redis = "up"}, look, history));
  EXPECT_EQ(said["node"], "n1");
  EXPECT_EQ(said["ready"], false);
  EXPECT_EQ(said["reason"], "stopping");
}

TEST(RefusalsText, is_json_whatever_the_reasons_have_in_them) {
  const std::vector<RecentRefusals::Row> rows = {{1, "origin", "\"</script>\xff\n", 2}, {3, "login", "b", 4}};
  const json said = json::parse(refusals_json(rows));
  EXPECT_EQ(said["refusals"].size(), 2U);
  EXPECT_EQ(said["refusals"][0]["count"], 2);
  EXPECT_EQ(said["refusals"][1]["what"], "login");
  EXPECT_EQ(json::parse(refusals_json({})), json::parse(R"({"refusals":[]})"));
}

}  // namespace
}  // namespace signalbox::server::admin
