#include <gtest/gtest.h>

#include "hub/client.hpp"

// docs/performance.md, "One idle connection".
namespace signalbox::hub {
namespace {

TEST(IdleMemory, a_client_in_one_namespace_is_two_small_objects_and_its_request) {
  EXPECT_LE(sizeof(Client), 96u);
  EXPECT_LE(sizeof(SocketState), 112u);
  EXPECT_EQ(sizeof(HandshakeRequest), sizeof(void*));
}

TEST(IdleMemory, a_user_is_two_cache_lines_with_the_place_of_one_socket) {
  EXPECT_EQ(sizeof(users::User), 128u);
}

}  // namespace
}  // namespace signalbox::hub
