#include "cluster/adapter_refusals.hpp"

#include <gtest/gtest.h>

#include "unit/noted_log.hpp"

namespace signalbox::cluster::test {
namespace {

TEST(AdapterRefusals, are_counted_and_told_once_a_minute_by_kind) {
  signalbox::test::NotedLog noted;
  const log::Use own(noted.log);
  AdapterRefusals refusals;
  for (int i = 0; i < 3; ++i) refusals.unreadable.reached({{"why", "it is not MessagePack"}});
  refusals.requests.reached();
  EXPECT_EQ(refusals.unreadable.times(), 3u);
  EXPECT_EQ(refusals.requests.times(), 1u);
  EXPECT_EQ(refusals.events.times(), 0u);
  EXPECT_EQ(noted.lines,
            (std::vector<std::string>{
                "a message on a channel of Socket.IO's adapter cannot be read: it is dropped",
                "socketsJoin() and socketsLeave() are ignored: the only rooms are user:ID and the ids of sockets"}));
}

}  // namespace
}  // namespace signalbox::cluster::test
