// Conflation and recovery both on, and a line that is cut behind every byte of what a client is sent.
#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "server_world.hpp"
#include "users/encode.hpp"

namespace signalbox::server::test {
namespace {

Config recovering() {
  Config config = sim_config();
  config.recovery_window = seconds(60);
  config.presence_events = false;
  return config;
}

/// What socket.io-client keeps for its recovery, and what its page sees.
struct Page {
  std::string pid, offset;
  bool recovered = false;
  std::uint64_t last_number = 0;
  std::map<std::string, int> progress{};
  std::vector<std::string> outcomes{};
  int events = 0;

  void hear(Browser& browser) {
    for (const std::string& packet : browser.heard()) {
      if (packet.starts_with("40")) {
        const std::string found = json::parse(packet.substr(2)).at("pid");
        recovered = found == pid;
        pid = found;
      } else if (packet.starts_with("42")) {
        on_event(json::parse(packet.substr(2)));
      }
    }
  }
  void on_event(const json& event) {
    offset = event.at(2);
    const std::uint64_t number = std::stoull(offset.substr(offset.rfind('.') + 1));
    EXPECT_GT(number, last_number) << "offsets only rise, and nothing comes twice: " << event;
    last_number = number;
    if (event[0] == "authenticated") return;
    ++events;
    const std::string job = event[1].at("jobId");
    if (event[0] == "job_completed") return outcomes.push_back(job);
    const int value = event[1].at("progress");
    EXPECT_GT(value, progress[job]) << job;
    progress[job] = value;
  }
  std::string login() const { return pid.empty() ? "40" : "40" + json{{"pid", pid}, {"offset", offset}}.dump(); }
};

struct Jobs {
  ServerWorld& world;
  const std::string user;
  int emitted = 0;

  void emit(const char* event, const std::string& data) {
    ++emitted;
    EXPECT_TRUE(world.directory.emit(user, *users::checked_event_frame(event, data)));
    if (emitted % 7 == 0) world.turn();
  }
  void progress(const std::string& job, int from, int to) {
    for (int value = from; value < to; ++value) {
      emit("job_progress", R"({"jobId":")" + job + R"(","progress":)" + std::to_string(value) + R"(,"padding":")" +
                               std::string(300, 'x') + "\"}");
    }
  }
  void complete(const std::string& job) { emit("job_completed", R"({"jobId":")" + job + "\"}"); }
};

/// One client whose line takes `bytes` more when much waits for it, and is then cut. False: it had all before the cut.
bool cut_behind(ServerWorld& world, std::size_t bytes, std::size_t& heard, std::size_t& emitted) {
  const std::string user = "u" + std::to_string(bytes);
  const unsigned shard = bytes % 2;
  Jobs jobs{world, user};
  Page page;
  std::optional<Browser> browser(std::in_place, world, user, shard);
  browser->send(page.login());
  world.turn();
  page.hear(*browser);
  auto* line = browser->socket();
  line->room = 0;
  jobs.progress("a", 1, 40);
  jobs.complete("b");
  jobs.progress("c", 1, 40);
  jobs.complete("c");
  jobs.progress("a", 40, 60);
  world.turn(2);
  line->room = bytes;
  world.turn(2);
  const bool inside = line->room == 0;
  browser->cut();
  page.hear(*browser);
  const int before = page.events;
  jobs.complete("d");
  jobs.progress("a", 60, 65);
  world.turn(2);
  // It comes back to the other shard, or to the same one.
  browser.emplace(world, user, bytes % 3 == 0 ? shard : 1 - shard);
  browser->send(page.login());
  world.turn(4);
  page.hear(*browser);
  jobs.complete("a");
  world.turn(2);
  page.hear(*browser);
  EXPECT_TRUE(page.recovered);
  EXPECT_EQ(page.outcomes, (std::vector<std::string>{"b", "c", "d", "a"}));
  EXPECT_EQ(page.progress["a"], 64);
  heard += static_cast<std::size_t>(before);
  emitted += static_cast<std::size_t>(jobs.emitted);
  browser->send("41");
  browser->cut();
  return inside;
}

TEST(Recovery, with_conflation_brings_the_newest_and_every_outcome_wherever_the_line_is_cut) {
  ServerWorld world(recovering());
  std::size_t bytes = 0, heard = 0, emitted = 0;
  while (cut_behind(world, bytes, heard, emitted) && !testing::Test::HasFailure()) ++bytes;
  EXPECT_GT(bytes, 400u) << "so many places were there";
  EXPECT_LT(heard * 4, emitted) << "and most events were taken out before the cut";
  EXPECT_EQ(world.hub.recovery.size(), 0u) << "nothing is kept of who left";
}

}  // namespace
}  // namespace signalbox::server::test
