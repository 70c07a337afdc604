#include "users/emitter.hpp"

#include <gtest/gtest.h>

#include <signalbox/config.hpp>

#include "fake_mailboxes.hpp"
#include "noted_store.hpp"

namespace signalbox::users::test {
namespace {

EncodedEvent end_of_job() {
  return *job_frame(JobCompleted{.job_id = "7"}, {});
}

struct EmitterTest : testing::Test {
  std::vector<Commit> commits;
  OutcomeStore::Committed note() {
    return [this](Commit commit) { commits.push_back(commit); };
  }
  FakeMailboxes mailboxes{1};
  Directory directory{mailboxes, {}};
  Emitter emitter{directory};
};

TEST_F(EmitterTest, takes_nothing_unless_it_runs) {
  EXPECT_EQ(emitter.emit("ada", end_of_job(), Origin::program).error(), EmitError::stopped);
  EXPECT_EQ(emitter.emit_all({{"ada", end_of_job()}}, Origin::http).error(), EmitError::stopped);
  emitter.set_running(true);
  EXPECT_EQ(emitter.emit("ada", end_of_job(), Origin::program), 0u);
  EXPECT_EQ(emitter.emit_all({{"ada", end_of_job()}}, Origin::http), 0u);
}

TEST_F(EmitterTest, says_at_once_that_nothing_is_durable_where_there_is_no_disk) {
  emitter.set_running(true);
  const CommitGroup group = emitter.new_group();
  ASSERT_TRUE(emitter.emit("ada", end_of_job(), Origin::program, group));
  emitter.when_durable(group, note());
  EXPECT_EQ(commits, std::vector{Commit::nowhere});
  EXPECT_EQ(emitter.store_state(), StoreState::ready);
}

TEST_F(EmitterTest, says_when_the_store_has_it) {
  NotedStore store;
  directory.open(store, test_now);
  emitter.set_running(true);
  const CommitGroup group = emitter.new_group();
  ASSERT_TRUE(emitter.emit("ada", end_of_job(), Origin::program, group));
  EXPECT_EQ(store.kept.size(), 1u);
  emitter.when_durable(group, note());
  EXPECT_EQ(commits, std::vector{Commit::durable});
  store.how = StoreState::hanging;
  EXPECT_EQ(emitter.store_state(), StoreState::hanging);
  EXPECT_EQ(emitter.emit("ada", end_of_job(), Origin::program, emitter.new_group()).error(), EmitError::not_durable);
}

struct NoticesTest : EmitterTest {
  NoticesTest() { emitter.set_running(true); }
  static FrameRef notice(const json& data = 1) { return notice_of(*event_frame("note", data, {})); }
  std::expected<void, EmitError> tell(const json& data = 1) {
    return emitter.emit_to_all(notice(data), Audience::all(), Origin::program);
  }
};

TEST_F(NoticesTest, go_to_every_shard_once_in_one_order) {
  FakeMailboxes two{2};
  Directory all{two, {}};
  EXPECT_TRUE(all.broadcasts.notice(notice(1), Audience::all()));
  EXPECT_TRUE(all.broadcasts.notice(notice(2), Audience::all()));
  for (const auto& box : two.boxes) {
    ASSERT_EQ(box.size(), 2u);
    EXPECT_EQ(box[0].frame->packet(), R"(42["note",1])");
    EXPECT_EQ(box[0].number, 1u);
    EXPECT_EQ(box[1].frame->packet(), R"(42["note",2])");
    EXPECT_EQ(box[1].number, 2u);
  }
}

TEST_F(NoticesTest, of_a_job_s_name_are_nobody_s_job) {
  const FrameRef frame = notice_of(*event_frame(events::job_completed, {{"jobId", "ada"}}, {}));
  EXPECT_EQ(frame->kind(), FrameKind::event);
  EXPECT_EQ(frame->key(), "");
  EXPECT_EQ(frame->packet(), R"(42["job_completed",{"jobId":"ada"}])");
}

TEST_F(NoticesTest, are_refused_by_all_shards_or_by_none) {
  mailboxes.full = true;
  EXPECT_EQ(tell().error(), EmitError::overloaded);
  EXPECT_TRUE(mailboxes.boxes[0].empty());
  emitter.set_running(false);
  EXPECT_EQ(tell().error(), EmitError::stopped);
}

TEST_F(NoticesTest, that_have_not_reached_everybody_take_so_many_bytes_at_most) {
  Directory small{mailboxes, Config{.total_queue_bytes = 3000}};
  const std::string text(1000, 'x');
  EXPECT_TRUE(small.broadcasts.notice(notice(text), Audience::all()));
  EXPECT_TRUE(small.broadcasts.notice(notice(text), Audience::all()));
  EXPECT_EQ(small.broadcasts.notice(notice(text), Audience::all()).error(), Refusal::notices_full);
  EXPECT_EQ(mailboxes.boxes[0].size(), 2u);
  mailboxes.boxes[0].pop_back();  // the newer one has reached everybody first
  EXPECT_FALSE(small.broadcasts.notice(notice(text), Audience::all()))
      << "all of them are looked at once a second at most";
  small.broadcasts.forget();
  EXPECT_TRUE(small.broadcasts.notice(notice(text), Audience::all()));
  EXPECT_FALSE(small.broadcasts.notice(notice(text), Audience::all()));
  mailboxes.boxes[0].clear();
  EXPECT_TRUE(small.broadcasts.notice(notice(std::string(5000, 'x')), Audience::all())) << "one alone is always taken";
}

TEST(Origins, are_told_in_the_log) {
  EXPECT_EQ(to_text(Origin::program), "the program");
  EXPECT_EQ(to_text(Origin::http), "the HTTP interface");
  EXPECT_EQ(to_text(Origin::node), "another node");
  EXPECT_EQ(to_text(Origin::worker), "a worker");
  EXPECT_EQ(to_text(Origin::queue), "a queue");
}

}  // namespace
}  // namespace signalbox::users::test
