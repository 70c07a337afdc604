#include "cluster/adapter_writer.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "bytes.hpp"
#include "cluster/adapter_message.hpp"

namespace signalbox::cluster::test {
namespace {

constexpr UnpackLimits kWrittenLimits{.bytes = 10'000, .depth = 8, .attachments = 4};

TEST(AdapterWriter, writes_what_a_node_of_socket_io_would) {
  const auto message = adapter_message(
      "f2A89N", "/", R"(["job_progress",{"jobId":"7","progress":50,"status":"processing"}])", {{"user:42"}, {}});
  ASSERT_TRUE(message);
  EXPECT_EQ(message->size(), 108u) << "one less than the emitter's, whose name is longer";
  EXPECT_TRUE(message->starts_with(bytes("93 a6 663241 38394e 83")));
  const auto json = nlohmann::json::parse(
      R"(["f2A89N",{"type":2,"data":["job_progress",{"jobId":"7","progress":50,"status":"processing"}],"nsp":"/"},
          {"rooms":["user:42"],"except":[],"flags":{}}])");
  EXPECT_EQ(nlohmann::json::from_msgpack(*message), json);
}

TEST(AdapterWriter, is_understood_by_the_reader) {
  const auto written =
      adapter_message("me", "/admin", R"(["x",1.5,-7,"ü",[null,true,{"a":{}}],1e300])", {{}, {"user:1", "s"}}, true);
  ASSERT_TRUE(written);
  const auto read = read_adapter_message(*written, kWrittenLimits);
  ASSERT_TRUE(read) << read.error();
  EXPECT_EQ(read->sender, "me");
  EXPECT_EQ(read->nsp, "/admin");
  EXPECT_EQ(read->event, "x");
  EXPECT_EQ(read->arguments.str(), R"([1.5,-7,"ü",[null,true,{"a":{}}],1e+300])");
  EXPECT_TRUE(read->to.rooms.empty());
  EXPECT_EQ(read->to.except, (std::vector<std::string>{"user:1", "s"}));
  EXPECT_TRUE(read->is_volatile);
  EXPECT_TRUE(read->attachments.empty());
}

TEST(AdapterWriter, says_what_it_cannot_write) {
  EXPECT_FALSE(adapter_message("me", "/", "[\"x\"," + std::string(400, '9') + "]", {})) << "no double is so large";
  EXPECT_FALSE(adapter_message("me", "/", "", {})) << "the data lies in the store alone";
}

}  // namespace
}  // namespace signalbox::cluster::test
