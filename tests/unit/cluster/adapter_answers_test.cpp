#include "cluster/adapter_answers.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

namespace signalbox::cluster::test {
namespace {

using Texts = std::vector<std::string>;

TEST(AdapterAnswers, list_the_sockets_of_rooms) {
  EXPECT_EQ(socket_ids_answer("q", Texts{"a", "b"}), R"({"requestId":"q","sockets":["a","b"]})");
  EXPECT_EQ(socket_ids_answer("q", {}), R"({"requestId":"q","sockets":[]})");
}

TEST(AdapterAnswers, list_all_rooms) {
  EXPECT_EQ(rooms_answer("q\"", Texts{"user:1", "a\n"}), R"({"requestId":"q\"","rooms":["user:1","a\n"]})");
}

TEST(AdapterAnswers, show_sockets_as_fetchSockets_does) {
  const AdapterSocket one{.id = "a", .handshake = R"({"query":{}})", .rooms = {"a", "user:1"}};
  const AdapterSocket other{.id = "b", .handshake = "{}", .rooms = {"b"}};
  EXPECT_EQ(sockets_answer("q", std::vector{one, other}),
            R"({"requestId":"q","sockets":[{"id":"a","handshake":{"query":{}},"rooms":["a","user:1"],"data":{}},)"
            R"({"id":"b","handshake":{},"rooms":["b"],"data":{}}]})");
  EXPECT_EQ(sockets_answer("q", {}), R"({"requestId":"q","sockets":[]})");
}

TEST(AdapterAnswers, say_that_something_was_done) {
  EXPECT_EQ(done_answer("q"), R"({"requestId":"q"})");
}

TEST(AdapterAnswers, bring_acknowledgements) {
  EXPECT_EQ(server_side_answer("q", "[1]"), R"({"requestId":"q","type":6,"data":[1]})");
  EXPECT_EQ(client_count_answer("q", 2), R"({"requestId":"q","type":8,"clientCount":2})");
  const auto ack = ack_answer("q", R"({"ok":true})");
  ASSERT_TRUE(ack);
  EXPECT_EQ(nlohmann::json::from_msgpack(*ack),
            nlohmann::json::parse(R"({"type":9,"requestId":"q","packet":{"ok":true}})"));
  EXPECT_FALSE(ack_answer("q", std::string(400, '9')));
}

}  // namespace
}  // namespace signalbox::cluster::test
