#include "store_fixture.hpp"

// What is read back: by a start, all of it; later the packets of some rows.
namespace signalbox::store::test {
namespace {

using Found = std::vector<std::string>;

struct StoreRead : Store {
  static std::string large(std::size_t bytes) { return "42[\"" + std::string(bytes, 'x') + "\"]"; }
};

TEST_F(StoreRead, a_start_has_all_in_the_order_in_which_they_were_put) {
  {
    SqliteStore store(directory);
    for (int i = 1; i <= 20; ++i) {
      const Row row = put(store, i % 2 == 0 ? "ada" : "bob", outcome(std::to_string(30 - i), 1, large(300'000)));
      if (i % 5 == 0) store.received("ada", {row}, 70 + i);
      if (i % 7 == 0) store.forget({row});
    }
  }
  SqliteStore store(directory);
  EXPECT_EQ(store.extent().outcomes, 18u);
  EXPECT_GT(store.extent().bytes, 18u * 300'000);
  std::string order;
  Row last = 0;
  store.load(true, [&](const users::StoredOutcome& one) {
    EXPECT_GT(one.row, last);
    last = one.row;
    EXPECT_EQ(one.packet.size(), 300'006u);
    order += std::string(one.user.substr(0, 1)) + std::string(one.job_id) + ' ';
    if (one.received_at != 0) order += "at " + std::to_string(one.received_at) + ' ';
    return true;
  });
  EXPECT_EQ(order, "b29 a28 b27 a26 b25 at 75 a24 a22 b21 a20 at 80 b19 a18 b17 b15 at 85 a14 b13 a12 b11 a10 at 90 ");
}

TEST_F(StoreRead, a_start_has_no_packets_soon_after_they_are_not_wanted) {
  {
    SqliteStore store(directory);
    for (int i = 1; i <= 20; ++i)
      store.received("ada", {put(store, "ada", outcome(std::to_string(i), 1, large(600'000)))}, 77);
  }
  SqliteStore store(directory);
  std::size_t seen = 0, whole = 0;
  store.load(true, [&](const users::StoredOutcome& one) {
    whole += !one.packet.empty();
    EXPECT_EQ(whole == ++seen, !one.packet.empty()) << "first those with packets, then those without";
    EXPECT_EQ(one.job_id, std::to_string(seen));
    EXPECT_EQ(one.received_at, 77);
    return seen < 3;
  });
  EXPECT_EQ(seen, 20u);
  EXPECT_GE(whole, 3u);
  EXPECT_LE(whole, 6u) << "a piece of a MiB is read ahead";
}

TEST_F(StoreRead, a_start_reads_no_packets_where_none_are_wanted) {
  {
    SqliteStore store(directory);
    put(store, "ada", outcome("1", 1));
  }
  SqliteStore store(directory);
  store.load(false, [](const users::StoredOutcome& one) {
    EXPECT_EQ(one.job_id, "1");
    EXPECT_EQ(one.packet, "");
    return true;
  });
}

TEST_F(StoreRead, what_was_put_before_is_read_whether_it_is_on_the_disk_or_not) {
  SqliteStore store(directory);
  const Row first = put(store, "ada", outcome("1", 1, "42[1]"));
  const Row second = put(store, "ada", outcome("2", 2, "42[2]"));
  EXPECT_TRUE(committed(store));
  Row third = 0;
  {
    const Held held(store);
    third = put(store, "ada", outcome("3", 3, "42[3]"));
  }
  EXPECT_EQ(read(store, {{"2", second}, {"3", third}, {"1", first}}), (Found{"2 42[2]", "3 42[3]", "1 42[1]"}));
  EXPECT_EQ(read(store, {{"none", 99}}), Found{});
  EXPECT_EQ(read(store, {}), Found{});
}

TEST_F(StoreRead, some_are_read_in_their_order_until_it_is_enough) {
  SqliteStore store(directory);
  std::vector<Asked> all{{"none", 99}};
  for (int i = 1; i <= 9; ++i) {
    const std::string job = std::to_string(i);
    all.push_back({job, put(store, "ada", outcome(job, 1, large(1'000'000)))});
  }
  ASSERT_TRUE(committed(store));
  const auto read_some = [&](std::vector<int> which, std::size_t bytes) {
    std::vector<Asked> wanted;
    for (const int i : which) wanted.push_back(all[static_cast<std::size_t>(i)]);
    std::string jobs;
    for (const std::string& one : read(store, wanted, bytes)) jobs += one.substr(0, 1);
    return jobs;
  };
  EXPECT_EQ(read_some({7, 0, 2}, 1'000'000'000), "72");
  EXPECT_EQ(read_some({9, 8, 7, 6, 5}, 2'500'000), "987");
  EXPECT_EQ(read_some({9, 8}, 1), "9");
}

TEST_F(StoreRead, who_has_much_to_read_gets_all_of_it_in_pieces) {
  SqliteStore store(directory);
  std::vector<Asked> asked;
  for (int i = 10; i < 30; ++i) {
    const std::string job = std::to_string(i);
    asked.push_back({job, put(store, "ada", outcome(job, 1, large(300'000)))});
  }
  EXPECT_TRUE(committed(store));
  Found wanted;
  for (const Asked& one : asked) wanted.push_back(one.job + ' ' + large(300'000));
  EXPECT_TRUE(read(store, asked) == wanted);
}

TEST_F(StoreRead, what_is_put_while_much_is_read_does_not_wait_for_the_end_of_it) {
  // All but the promise belong to the thread that reads and writes, so that the order is sure.
  int commits = 0;
  bool ended = false;
  std::promise<int> before_the_end;
  std::function<void()> put_one;
  SqliteStore store(directory);
  put_one = [&] {
    put(store, "bob", outcome("1", 1));
    store.when_committed(0, [&](Commit) {
      ++commits;
      if (!ended) put_one();
    });
  };
  std::vector<users::StoredFrame> wanted;
  for (int i = 0; i < 20; ++i) {
    const std::string job = std::to_string(i);
    const Row row = put(store, "ada", outcome(job, 1, large(300'000)));
    wanted.push_back({row, text_frame({}, FrameKind::outcome, job)});
  }
  ASSERT_TRUE(committed(store));
  store.read({}, SIZE_MAX, [&](const auto&) { put_one(); });
  store.read(wanted, SIZE_MAX, [&](const auto& found) {
    ended = true;
    EXPECT_EQ(found.size(), 20u);
    before_the_end.set_value(commits);
  });
  EXPECT_GE(before_the_end.get_future().get(), 5);
}

TEST_F(StoreRead, what_is_put_while_questions_wait_is_on_the_disk_before_the_last_of_them_is_answered) {
  std::promise<std::string> done;
  std::string order;
  SqliteStore store(directory);
  const Row first = put(store, "ada", outcome("1", 1));
  store.read({{first, text_frame({}, FrameKind::outcome, "1")}}, SIZE_MAX, [&](const auto&) {
    order += "first answer, ";
    put(store, "ada", outcome("2", 2));
    store.when_committed(0, [&](Commit) { order += "commit, "; });
  });
  store.read({{first, text_frame({}, FrameKind::outcome, "1")}, {first + 1, text_frame({}, FrameKind::outcome, "2")}},
             SIZE_MAX, [&](const auto& found) { done.set_value(order + std::to_string(found.size()) + " found"); });
  EXPECT_EQ(done.get_future().get(), "first answer, commit, 2 found");
}

}  // namespace
}  // namespace signalbox::store::test
