// A worker that emits and the queue of its jobs tell of the same jobs: what users are told of it.
#include "users/told_once.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include <signalbox/config.hpp>

#include "fake_mailboxes.hpp"
#include "noted_store.hpp"
#include "users/directory.hpp"

namespace signalbox::users::test {
namespace {

using Texts = std::vector<std::string>;
using namespace std::chrono_literals;

std::int64_t told_once_ms = 0;

/// Steps are written so: "w.p" is the worker's progress of job 1, "image.c" and "video.f" what these queues say of
/// their jobs 1 (p: progress, c: completed, f: failed), "image.c=" that the queue's outcome is given once more, "@7.c"
/// the worker's outcome that stands at this place of a stream, and "+60" that a minute goes by.
struct OneNode {
  explicit OneNode(std::vector<NotedStore::Noted> kept = {}) {
    store.found = std::move(kept);
    directory.open(store, TimePoint{1h});
    directory.sockets.join("ada", tab);
  }
  static DirectoryOptions options() {
    DirectoryOptions options;
    options.clock = {.wall = [] { return told_once_ms; }, .steady = [] { return told_once_ms; }};
    return options;
  }
  EncodedEvent event(const std::string& step) {
    static const std::map<char, std::string> names{{'p', "job_progress"}, {'c', "job_completed"}, {'f', "job_failed"}};
    const std::size_t dot = step.find('.');
    const std::string from = step.substr(0, dot);
    const char kind = step.at(dot + 1);
    if (from[0] == '@')
      return *event_frame_of_arguments(names.at(kind), JsonView(R"([{"jobId":"1"}])"), {}, std::stoull(from.substr(1)));
    if (from == "w") return *event_frame_of_text(names.at(kind), R"({"jobId":"1"})", {});
    const bool again = step.ends_with('=');
    std::int64_t& finished = finished_[step.substr(0, dot + 2)];
    if (!again) finished = told_once_ms;
    return *queue_frame({.id = "1", .queue = from, .of_queue = true},
                        {.kind = static_cast<QueueWord::Kind>(kind), .finished_ms = kind == 'p' ? 0 : finished}, "{}",
                        {});
  }
  /// What was told of these steps.
  std::string tell(const std::string& steps) {
    std::istringstream in(steps);
    std::string out;
    for (std::string step; in >> step; ++told_once_ms) {
      if (step[0] == '+') {
        told_once_ms += 1000 * std::stoll(step);
        continue;
      }
      EXPECT_TRUE(directory.emit("ada", event(step), 0)) << step;
      if (was_told()) out += (out.empty() ? "" : " ") + step;
    }
    return out;
  }
  bool was_told() {
    bool told = false;
    for (const Message& each : mailboxes.boxes[0]) told = told || each.kind == Message::Kind::deliver;
    mailboxes.boxes[0].clear();
    return told;
  }
  /// What another node tells: was it told here?
  bool take(const std::string& step, Row row = 0) {
    ++told_once_ms;
    EXPECT_TRUE(directory.take("ada", event(step), row));
    return was_told();
  }
  static std::string text(const JobEntry& entry) {
    const JobStatus status = status_of(entry);
    return std::string(status.queue.empty() ? "w" : status.queue) + '.' + status.event[4];
  }
  Texts replay() {
    Texts out;
    const auto joined = directory.sockets.join("ada", login);
    for (const JobEntry& each : joined.replay.entries) out.push_back(text(each));
    directory.sockets.leave(joined.user, login, TimePoint{1h});
    return out;
  }
  Texts jobs() {
    Texts out;
    const JobPage page = directory.ledger.jobs("ada");
    for (const JobEntry& each : page.jobs) out.push_back(text(each));
    return out;
  }
  /// How many of the store's notes begin so.
  std::ptrdiff_t count(const std::string& begin) const {
    return std::ranges::count_if(store.notes, [&](const std::string& note) { return note.starts_with(begin); });
  }

  FakeMailboxes mailboxes{1};
  NotedStore store;
  Directory directory{mailboxes, options()};
  const SocketRef tab{0, 1, 1}, login{0, 9, 9};

 private:
  std::map<std::string, std::int64_t> finished_;
};

struct ToldOnceTest : testing::Test {
  ToldOnceTest() { told_once_ms = 1'900'000'000'000; }
};

struct Pair {
  const char* steps;
  const char* told;
  const char* why;
};

void expect(const std::vector<Pair>& pairs) {
  for (const Pair& pair : pairs) EXPECT_EQ(OneNode().tell(pair.steps), pair.told) << pair.steps << ": " << pair.why;
}

TEST_F(ToldOnceTest, alone_each_is_told) {
  expect({{"image.p image.p image.c", "image.p image.p image.c", "a worker that knows nothing"},
          {"w.p w.f w.p w.c w.c", "w.p w.f w.p w.c w.c", "no queue"},
          {"image.f image.p image.c", "image.f image.p image.c", "tried once more by hand"}});
}

TEST_F(ToldOnceTest, after_an_event_of_its_worker_a_queue_s_progress_is_not) {
  expect({{"w.p image.p w.p image.p", "w.p w.p", "the worker's comes first"},
          {"image.p w.p image.p image.p", "image.p w.p", "the queue's comes first"},
          {"w.f image.p", "w.f", "any event of the worker counts"},
          {"w.p image.p +599 image.p", "w.p", "for ten minutes"},
          {"w.p image.p +601 image.p", "w.p image.p", "and no longer"},
          {"w.p +601 image.p", "w.p image.p", "also before the first"}});
}

TEST_F(ToldOnceTest, of_an_outcome_the_first_is) {
  expect({{"w.c image.c", "w.c", ""},
          {"image.c w.c", "image.c", ""},
          {"w.f image.f", "w.f", ""},
          {"image.f w.f", "image.f", ""},
          {"w.p image.p w.c image.c", "w.p w.c", ""},
          {"image.p w.p image.c w.c", "image.p w.p image.c", ""},
          {"w.c +59 image.c", "w.c", ""},
          {"w.c +61 image.c", "w.c image.c", "it may have nothing to do with that job"},
          {"image.p w.c +599 image.c", "image.p w.c", "a worker may do much after it has told"},
          {"image.p w.c +601 image.c", "image.p w.c image.c", ""},
          {"image.c +59 w.c", "image.c", ""},
          {"image.c +61 w.c", "image.c w.c", "it has nothing to do with that job"}});
}

TEST_F(ToldOnceTest, outcomes_of_two_kinds_both_are) {
  expect({{"w.f image.c", "w.f image.c", "the worker tells of each attempt"},
          {"w.c image.f", "w.c image.f", ""},
          {"image.f w.c", "image.f w.c", ""},
          {"image.c w.f", "image.c w.f", ""},
          {"w.p w.f w.p image.p w.f w.p image.p w.c image.c", "w.p w.f w.p w.f w.p w.c", "at the third attempt"},
          {"w.p w.f w.p image.f", "w.p w.f w.p image.f", "the second attempt was killed"}});
}

TEST_F(ToldOnceTest, a_queue_s_outcome_is_that_of_its_queue_job_kind_and_time) {
  expect({{"image.c image.c=", "image.c", "a reader tells again what it may have told"},
          {"image.c image.c", "image.c image.c", "the id was used again"},
          {"image.f image.p image.c image.c=", "image.f image.p image.c", ""},
          {"image.f image.p image.f=", "image.f image.p", ""},
          {"image.f +11 image.c image.f= image.c=", "image.f image.c", "both are read again"},
          {"image.f w.p +11 w.c image.c image.f=", "image.f w.p w.c", ""},
          {"image.f image.c image.f=", "image.f image.c image.f=", "in doubt: two workers' clocks may differ"},
          {"image.c video.c", "image.c video.c", "ids count within their queue"},
          {"w.c image.c image.c=", "w.c", "one that was not told"},
          {"w.c image.c +601 image.c=", "w.c", ""},
          {"w.c image.c image.c", "w.c image.c", "what the worker told was of the run before"},
          {"w.c image.c image.p", "w.c image.p", ""}});
}

TEST_F(ToldOnceTest, what_is_read_from_a_stream_again_is_not_told_again) {
  expect({{"@1.p @2.p @3.c @1.p @2.p @3.c", "@1.p @2.p @3.c", ""},
          {"@1.p @2.p @2.p", "@1.p @2.p", ""},
          {"@1.f @2.p @3.c @1.f @2.p @3.c", "@1.f @2.p @3.c", ""},
          {"@1.c @1.c @2.c", "@1.c @2.c", "another entry is another event"},
          {"@1.c w.p @1.c", "@1.c w.p", ""},
          {"@1.c image.c @1.c", "@1.c", "it is its worker's event as well"},
          {"image.c @1.c @1.c", "image.c", ""},
          {"image.p @1.p image.p", "image.p @1.p", ""}});
  OneNode before;
  before.tell("@1.f @2.c");
  OneNode after(before.store.kept);
  EXPECT_EQ(after.tell("@2.c @3.c"), "@3.c") << "after a restart";
}

TEST_F(ToldOnceTest, a_refused_event_silences_nobody) {
  OneNode node;
  EXPECT_EQ(node.tell("image.p"), "image.p");
  node.mailboxes.full = true;
  EXPECT_EQ(node.directory.emit("ada", node.event("w.p"), 0).error(), Refusal::overloaded);
  node.mailboxes.full = false;
  EXPECT_EQ(node.tell("image.p"), "image.p");
}

TEST_F(ToldOnceTest, an_outcome_without_a_time_is_the_same_for_a_minute) {
  OneNode node;
  const auto tell = [&] {
    const auto event =
        queue_frame({.id = "1", .queue = "image", .of_queue = true}, {.kind = QueueWord::Kind::completed}, "{}", {});
    EXPECT_TRUE(node.directory.emit("ada", *event, 0));
    return node.was_told();
  };
  EXPECT_TRUE(tell());
  EXPECT_FALSE(tell());
  node.tell("+61");
  EXPECT_TRUE(tell());
}

TEST_F(ToldOnceTest, where_two_queues_have_a_job_of_that_id_a_worker_s_event_is_of_none) {
  expect({{"image.p video.p w.p image.p video.p w.c image.c video.c",
           "image.p video.p w.p image.p video.p w.c image.c video.c", ""},
          {"w.p image.p video.p w.c image.c video.c", "w.p video.p w.c image.c video.c", "the second comes later"},
          {"image.c +61 video.p w.c video.c", "image.c video.p w.c", "the other has ended long ago"},
          {"image.c video.p w.c", "image.c video.p w.c", "the other has just ended"},
          {"w.c image.c +300 video.p video.c", "w.c video.p video.c", "what was of the one is not of the other"}});
}

TEST_F(ToldOnceTest, late_progress_of_a_job_that_has_completed_is_not) {
  expect({{"image.c w.p w.c", "image.c", "it would be the last that is known"},
          {"image.f w.p", "image.f w.p", "it is tried again"}});
}

TEST_F(ToldOnceTest, an_id_without_a_queue_is_a_queue_s_all_the_same) {
  OneNode node;
  EXPECT_EQ(node.tell(".p w.p .p w.c .c"), ".p w.p w.c");
}

TEST_F(ToldOnceTest, what_was_not_told_is_shown_nowhere) {
  OneNode node;
  EXPECT_EQ(node.tell("image.p w.p image.p"), "image.p w.p");
  EXPECT_EQ(node.replay(), Texts{"w.p"});
  EXPECT_EQ(node.tell("w.c image.c"), "w.c");
  EXPECT_EQ(node.replay(), Texts{"w.c"});
  EXPECT_EQ(node.jobs(), Texts{"w.c"});
  EXPECT_EQ(node.store.kept.size(), 1u);
}

TEST_F(ToldOnceTest, what_was_not_told_is_forgotten_after_ten_minutes) {
  OneNode node;
  node.tell("w.c image.c +601");
  node.directory.ledger.confirm("ada", {.up_to = 100});
  node.tell("+700000");
  for (int look = 0; look < 256; ++look) node.directory.on_timer(TimePoint{2h} + look * 1s);
  EXPECT_EQ(node.jobs(), Texts{});
  EXPECT_EQ(node.tell("image.c="), "image.c=");
}

TEST_F(ToldOnceTest, jobs_of_one_id_are_shown_each_by_itself_and_by_their_id_the_newest) {
  OneNode node;
  node.tell("image.p video.c w.p");
  EXPECT_EQ(node.jobs(), (Texts{"image.p", "video.c", "w.p"}));
  EXPECT_EQ(node.replay(), (Texts{"image.p", "video.c", "w.p"}));
  node.tell("image.c");
  const JobPage found = node.directory.ledger.jobs("ada", {.job_id = "1"});
  ASSERT_EQ(found.jobs.size(), 1u);
  EXPECT_TRUE(
      to_json(status_of(found.jobs[0]))
          .starts_with(
              R"({"jobId":"1","queue":"image","event":"job_completed","data":{"jobId":"1","queue":"image"},"time":)"));
}

TEST_F(ToldOnceTest, an_outcome_is_known_after_its_receipt_and_after_a_restart) {
  OneNode before;
  EXPECT_EQ(before.tell("image.c"), "image.c");
  before.directory.ledger.confirm("ada", {.up_to = 1});
  EXPECT_EQ(before.tell("image.c="), "");
  OneNode after(before.store.kept);
  EXPECT_EQ(after.directory.emit("ada", before.event("image.c="), 0), 0u);
  EXPECT_FALSE(after.was_told());
  EXPECT_EQ(after.tell("w.c"), "");
  EXPECT_EQ(after.tell("image.c"), "image.c");
}

TEST_F(ToldOnceTest, a_refused_outcome_would_have_been_told_alone) {
  OneNode node;
  node.tell("w.c");
  node.store.how = StoreState::failing;
  EXPECT_EQ(node.directory.emit("ada", node.event("image.c"), 0), 0u) << "what is told already needs no room";
  EXPECT_EQ(node.directory.emit("ada", node.event("image.f"), 0).error(), Refusal::not_durable);
}

TEST_F(ToldOnceTest, a_batch_leaves_out_what_is_known) {
  OneNode node;
  node.tell("image.c");
  std::vector<Emission> batch;
  batch.push_back({"ada", node.event("w.c")});
  batch.push_back({"ada", node.event("w.f")});
  EXPECT_EQ(node.directory.emit_all(std::move(batch)), 1u);
  EXPECT_EQ(node.jobs(), (Texts{"image.c", "w.f"}));
  node.store.how = StoreState::failing;
  batch = {};
  batch.push_back({"ada", node.event("image.c=")});
  EXPECT_EQ(node.directory.emit_all(std::move(batch)), 0u) << "it needs no room";
}

// Rows of other nodes' stores.
constexpr Row kWorkers = kOfAnother | 7, kQueues = kOfAnother | 8, kOfNextReader = kOfAnother | 9;

TEST_F(ToldOnceTest, two_outcomes_that_other_nodes_hold_are_received_with_the_one_that_was_told) {
  OneNode first, second;
  EXPECT_TRUE(first.take("w.c", kWorkers));
  EXPECT_FALSE(first.take("image.c", kQueues));
  EXPECT_TRUE(second.take("image.c", kQueues));
  EXPECT_FALSE(second.take("w.c", kWorkers));
  EXPECT_EQ(first.replay(), Texts{"w.c"});
  EXPECT_EQ(second.replay(), Texts{"image.c"});
  for (OneNode* node : {&first, &second}) {
    EXPECT_FALSE(node->take("w.c", kWorkers)) << "it is told again";
    EXPECT_FALSE(node->take("image.c=", kQueues));
    EXPECT_EQ(node->jobs().size(), 1u);
    EXPECT_EQ(node->count("received"), 0) << "either may be the only one that gets to a disk";
    node->directory.ledger.confirm("ada", {.up_to = 1});
    EXPECT_EQ(node->count("received another node's, another node's"), 1);
  }
}

TEST_F(ToldOnceTest, an_outcome_of_this_node_and_one_that_a_worker_gave_to_another_are_received_together) {
  OneNode node;
  node.tell("image.c");
  EXPECT_FALSE(node.take("w.c", kWorkers));
  EXPECT_EQ(node.count("received") + node.count("forget"), 0);
  node.directory.ledger.received("ada", std::vector{kWorkers}, told_once_ms);
  EXPECT_EQ(node.count("received ada"), 1) << "as another node says, which has not heard of this one";
  EXPECT_EQ(node.replay(), Texts{"image.c"}) << "for it was received just now";
}

TEST_F(ToldOnceTest, an_outcome_comes_received_if_that_which_told_of_it_was) {
  OneNode node;
  node.tell("image.c");
  node.directory.ledger.confirm("ada", {.up_to = 1});
  EXPECT_FALSE(node.take("w.c", kWorkers));
  EXPECT_EQ(node.count("received another node's"), 1);
  EXPECT_FALSE(of_another(node.directory.ledger.jobs("ada").jobs.at(0).row));
}

TEST_F(ToldOnceTest, an_outcome_that_another_reader_told_again_lies_there) {
  OneNode node;
  for (const char* step : {"image.c", "@1.c"}) {
    const std::string again = std::string(step) + (step[0] == '@' ? "" : "=");
    told_once_ms += 600'000;
    EXPECT_TRUE(node.take(step, kQueues));
    EXPECT_FALSE(node.take(again, kOfNextReader));
    EXPECT_EQ(node.count("received"), 0);
    EXPECT_EQ(node.directory.ledger.jobs("ada").jobs.back().row, kOfNextReader);
  }
}

TEST_F(ToldOnceTest, at_a_login_what_other_nodes_hold_is_told_once) {
  const auto found = [](OneNode& node, const std::string& step, Row row) {
    return Ledger::Found{.frame = node.event(step).frame, .time = told_once_ms, .received_at = 0, .row = row};
  };
  OneNode runs, ended;
  runs.directory.take_found("ada", {found(runs, "w.p", 0), found(runs, "image.p", 0)});
  EXPECT_EQ(runs.replay(), Texts{"w.p"});
  ended.directory.take_found("ada", {found(ended, "image.c", kQueues), found(ended, "w.c", kWorkers)});
  EXPECT_EQ(ended.replay(), Texts{"image.c"});
  EXPECT_EQ(ended.count("received"), 0);
  Ledger::Found received = found(ended, "w.c", kWorkers);
  received.received_at = told_once_ms;
  ended.directory.take_found("ada", {received});
  EXPECT_EQ(ended.count("received another node's"), 1) << "as the index says of the one, hence the other too";
}

}  // namespace
}  // namespace signalbox::users::test
