#include "users/emitter.hpp"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace signalbox::users::test
