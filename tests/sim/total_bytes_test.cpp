// What all clients together may let wait, over several shards.
#include "server_world.hpp"

namespace signalbox::server::test {
namespace {

Config with_total_queue(std::size_t bytes) {
  Config config = sim_config();
  config.total_queue_bytes = bytes;
  return config;
}

/// One who is logged in and whose line takes no more.
std::unique_ptr<Browser> deaf(ServerWorld& world, const std::string& name, unsigned shard) {
  auto browser = std::make_unique<Browser>(world, name, shard);
  browser->login();
  world.turn();
  browser->socket()->room = 0;
  return browser;
}

void emit(ServerWorld& world, const std::string& user, std::size_t bytes) {
  const std::string data = '"' + std::string(bytes, 'x') + '"';
  EXPECT_TRUE(world.directory.emit(user, *users::checked_event_frame("note", data)));
  world.turn(8);
}

TEST(TotalQueueBytes, of_the_clients_of_all_shards_the_one_for_whom_most_waits_goes) {
  ServerWorld world(with_total_queue(200'000));
  std::vector<std::unique_ptr<Browser>> many;
  for (int i = 0; i < 30; ++i) many.push_back(deaf(world, "many" + std::to_string(i), 0));
  const FrameRef shared = text_frame('4' + std::string(10'000, 'x'));
  constexpr std::uint64_t kBehindAllLogins = 1000;
  for (unsigned shard = 0; shard < 2; ++shard)
    EXPECT_TRUE(world.post(shard, Message::broadcast(shared, Audience::all(), kBehindAllLogins)));
  world.turn(2);
  EXPECT_GT(world.counters().queued_bytes, 10'000u);
  EXPECT_LT(world.counters().queued_bytes, 10'000u + 30 * 500) << "it is in memory once";
  const auto small = deaf(world, "small", 1), large = deaf(world, "large", 1);
  emit(world, "small", 60'000);
  emit(world, "large", 70'000);
  EXPECT_TRUE(world.directory.presence.online("large"));
  emit(world, "large", 70'000);
  world.pass(seconds(6));
  EXPECT_FALSE(world.directory.presence.online("large"));
  EXPECT_TRUE(world.directory.presence.online("small"));
  for (int i = 0; i < 30; ++i) EXPECT_TRUE(world.directory.presence.online("many" + std::to_string(i))) << i;
  EXPECT_LT(world.counters().queued_bytes, 100'000u);
}

TEST(TotalQueueBytes, that_one_client_holds_are_no_reason_to_close_another_which_holds_less_than_half_as_much) {
  ServerWorld world(with_total_queue(200'000));
  std::vector<std::unique_ptr<Browser>> all;
  for (const auto& [name, shard] : {std::pair{"a", 0u}, {"b", 0u}, {"c", 1u}, {"d", 1u}})
    all.push_back(deaf(world, name, shard));
  emit(world, "a", 40'000);
  emit(world, "b", 40'000);
  emit(world, "d", 10'000);
  for (int i = 0; i < 3; ++i) emit(world, "c", 50'000);
  world.pass(seconds(6));
  EXPECT_FALSE(world.directory.presence.online("c"));
  for (const char* name : {"a", "b", "d"}) EXPECT_TRUE(world.directory.presence.online(name)) << name;
}

}  // namespace
}  // namespace signalbox::server::test
