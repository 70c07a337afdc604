#include <gtest/gtest.h>

#include "net/connection.hpp"
#include "net/session_entry.hpp"

// docs/performance.md, "One idle connection".
namespace signalbox::net {
namespace {

TEST(IdleMemory, a_connection_keeps_nothing_of_http_and_a_session_nothing_of_an_empty_queue) {
  EXPECT_LE(sizeof(Connection), 80u);
  EXPECT_LE(sizeof(engineio::Session), 120u);
  EXPECT_LE(sizeof(SessionEntry), 248u);
}

}  // namespace
}  // namespace signalbox::net
