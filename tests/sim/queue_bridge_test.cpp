// What a queue says of a job, from the bridge to the browser.
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "queue/bridge.hpp"
#include "server_world.hpp"

namespace signalbox::server::test {
namespace {

using Messages = std::vector<std::string>;
using Kind = queue::JobReport::Kind;

struct BridgedWorld : testing::Test {
  void tell(Kind kind, const std::string& members, std::int64_t finished_ms = 0) {
    bridge.tell(
        {.kind = kind, .user = "ada", .queue = "image", .job_id = "7", .members = members, .finished_ms = finished_ms},
        [this](queue::Taken taken) { answers.push_back(taken); });
  }
  /// The queues' thread turns, and then the shards.
  void pass(Milliseconds time) {
    world.pass(time);
    bridge.on_timer();
    bridge.flush();
    world.turn(2);
  }
  Browser arrive(unsigned shard) {
    Browser browser(world, "ada", shard);
    browser.login();
    world.turn(2);
    return browser;
  }

  ServerWorld world;
  std::vector<queue::Taken> answers;
  queue::Bridge bridge{world.hub.emitter,
                       {},
                       {.now = [] { return sim_now; },
                        .post =
                            [](std::move_only_function<void()> task) {
                              task();
                              return true;
                            }}};
};

const std::string kProgress = R"(42["job_progress",{"jobId":"7","queue":"image","progress":50}])";
const std::string kCompleted = R"(42["job_completed",{"jobId":"7","queue":"image","result":1}])";

TEST_F(BridgedWorld, shows_a_job_whose_worker_knows_nothing_of_us) {
  Browser tab = arrive(0), other = arrive(1);
  tab.heard();
  other.heard();
  tell(Kind::progress, R"({"progress":50})");
  pass(Milliseconds(100));
  EXPECT_EQ(tab.heard(), Messages{kProgress});
  tell(Kind::completed, R"({"result":1})", 5);
  tell(Kind::completed, R"({"result":1})", 5);
  pass(Milliseconds(0));
  EXPECT_EQ(tab.heard(), Messages{kCompleted});
  EXPECT_EQ(other.heard(), (Messages{kProgress, kCompleted}));
  EXPECT_EQ(answers.size(), 1u) << "those that are written are told together";
  pass(queue::Bridge::kGather);
  EXPECT_EQ(answers, std::vector(3, queue::Taken::yes));
}

TEST_F(BridgedWorld, tells_at_a_login_how_a_job_has_ended) {
  tell(Kind::completed, R"({"result":1})", 5);
  pass(Milliseconds(0));
  Browser tab = arrive(0);
  EXPECT_EQ(tab.heard().back(), kCompleted);
}

TEST_F(BridgedWorld, leaves_what_a_worker_tells_to_the_worker) {
  Browser tab = arrive(0);
  tab.heard();
  tell(Kind::progress, R"({"progress":50})");
  ASSERT_TRUE(world.hub.emitter.emit("ada", *users::job_frame(JobProgress{.job_id = "7", .progress = 51}, {}),
                                     users::Origin::http));
  pass(Milliseconds(100));
  ASSERT_TRUE(world.hub.emitter.emit("ada", *users::job_frame(JobCompleted{.job_id = "7"}, {}), users::Origin::http));
  tell(Kind::completed, R"({"result":1})", coarse_unix_ms());
  pass(Milliseconds(0));
  EXPECT_EQ(tab.heard(), (Messages{R"(42["job_progress",{"jobId":"7","progress":51,"status":"processing"}])",
                                   R"(42["job_completed",{"jobId":"7","result":null}])"}));
}

}  // namespace
}  // namespace signalbox::server::test
