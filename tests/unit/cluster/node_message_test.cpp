#include "cluster/node_message.hpp"

#include <gtest/gtest.h>

#include <string>

#include "users/encode.hpp"

namespace signalbox::cluster::test {
namespace {

const std::string kDone = R"(42["job_completed",{"jobId":"7"}])";

RelayedEvent done_event() {
  return {.user = "ada", .kind = FrameKind::outcome, .packet = kDone, .job_id = "7", .home = "home-a", .row = 1u << 20};
}
std::string every_part() {
  NodeMessageWriter writer("node-1");
  writer.add(done_event());
  writer.add(RelayedEvent{.user = {}, .packet = R"(42["news",{}])"});
  writer.add(RelayedReceipt{.user = "grace {x}", .row = (std::uint64_t{1} << 52) - 1, .at = 1'764'000'000'000});
  writer.add(RelayedTunnel{.message = std::string_view("a\0b", 3)});
  writer.add(SocketQuestion{.number = 300, .pid = "a pid"});
  writer.add(SocketAnswer{.number = 300, .here = true});
  writer.add(RelayedReplacement{.user = "eve", .row = 300});
  writer.add(RelayedThanks{.home = "home-b", .row = 7});
  return writer.bytes();
}
std::string why_no_frame(const RelayedEvent& event, std::size_t depth = 8) {
  const auto frame = frame_of(event, depth);
  return frame ? "a frame" : std::string(frame.error());
}

TEST(NodeMessage, says_of_which_queue_an_event_is_and_what_the_queue_said) {
  const auto event = users::queue_frame({.id = "7", .queue = "image", .of_queue = true},
                                        {.kind = users::QueueWord::Kind::failed, .finished_ms = 5}, "{}", {});
  NodeMessageWriter writer("node-1");
  writer.add(RelayedEvent{
      .user = "ada", .kind = FrameKind::outcome, .packet = (*event)->packet(), .job_id = (*event)->name()});
  const auto message = read_node_message(writer.bytes());
  ASSERT_TRUE(message);
  const auto frame = frame_of(std::get<RelayedEvent>(message->parts[0]), 8);
  ASSERT_TRUE(frame);
  EXPECT_EQ((*frame)->packet(), (*event)->packet());
  EXPECT_EQ((*frame)->name(), (*event)->name());
  EXPECT_EQ(users::queue_word(**frame), (users::QueueWord{.kind = users::QueueWord::Kind::failed, .finished_ms = 5}));
}

TEST(NodeMessage, has_every_part_as_it_was_added) {
  const std::string bytes = every_part();
  const auto message = read_node_message(bytes);
  ASSERT_TRUE(message) << message.error();
  EXPECT_EQ(message->sender, "node-1");
  ASSERT_EQ(message->parts.size(), 8u);
  const auto& event = std::get<RelayedEvent>(message->parts[0]);
  EXPECT_EQ(event.user, "ada");
  EXPECT_EQ(event.kind, FrameKind::outcome);
  EXPECT_EQ(event.packet, kDone);
  EXPECT_EQ(event.job_id, "7");
  EXPECT_EQ(event.home, "home-a");
  EXPECT_EQ(event.row, 1u << 20);
  EXPECT_EQ(std::get<RelayedEvent>(message->parts[1]).user, "");
  const auto& receipt = std::get<RelayedReceipt>(message->parts[2]);
  EXPECT_EQ(receipt.user, "grace {x}");
  EXPECT_EQ(receipt.row, (std::uint64_t{1} << 52) - 1);
  EXPECT_EQ(receipt.at, 1'764'000'000'000);
  EXPECT_EQ(std::get<RelayedTunnel>(message->parts[3]).message, std::string_view("a\0b", 3));
  const auto& question = std::get<SocketQuestion>(message->parts[4]);
  EXPECT_EQ(question.number, 300u);
  EXPECT_EQ(question.pid, "a pid");
  const auto& answer = std::get<SocketAnswer>(message->parts[5]);
  EXPECT_EQ(answer.number, 300u);
  EXPECT_TRUE(answer.here);
  EXPECT_EQ(std::get<RelayedReplacement>(message->parts[6]).user, "eve");
  EXPECT_EQ(std::get<RelayedReplacement>(message->parts[6]).row, 300u);
  EXPECT_EQ(std::get<RelayedThanks>(message->parts[7]).home, "home-b");
  EXPECT_EQ(std::get<RelayedThanks>(message->parts[7]).row, 7u);
}

TEST(NodeMessage, cut_anywhere_is_refused_or_has_fewer_parts) {
  const std::string whole = every_part();
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const std::string cut = whole.substr(0, size);
    const auto message = read_node_message(cut);
    EXPECT_TRUE(!message || message->parts.size() < 8) << size;
  }
}

TEST(NodeMessage, of_another_version_or_with_an_unknown_part_is_refused) {
  EXPECT_EQ(read_node_message("").error(), "it is of another version");
  EXPECT_EQ(read_node_message("\x02").error(), "it is of another version");
  const std::string empty = NodeMessageWriter("n").bytes();
  EXPECT_TRUE(read_node_message(empty)->parts.empty());
  EXPECT_EQ(read_node_message(empty + '\0').error(), "it has a part of an unknown kind");
  EXPECT_EQ(read_node_message(empty + '\x7f').error(), "it has a part of an unknown kind");
  // 257 is no event, though its last byte is.
  EXPECT_EQ(read_node_message(empty + "\x81\x02").error(), "it has a part of an unknown kind");
  // An event of an unknown kind.
  EXPECT_EQ(read_node_message(empty + std::string("\x01\0\x09\0\0\0\0", 7)).error(),
            "it has a part of an unknown kind");
  const std::string of_256 = empty + std::string("\x01\0\x80\x02\0\0\0\0", 8);
  EXPECT_EQ(read_node_message(of_256).error(), "it has a part of an unknown kind");
}

TEST(NodeMessage, lengths_beyond_its_end_are_refused) {
  const std::string empty = NodeMessageWriter("n").bytes();
  const std::string huge = "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", endless(40, '\xff');
  for (const std::string& length : {std::string("\x7f"), huge, endless})
    EXPECT_EQ(read_node_message(empty + "\x03" + length + "abc").error(), "it ends in the middle of a part");
}

TEST(NodeMessage, a_relayed_event_becomes_the_frame_that_it_was) {
  const auto frame = frame_of(done_event(), 8);
  ASSERT_TRUE(frame) << frame.error();
  EXPECT_EQ((*frame)->packet(), kDone);
  EXPECT_EQ((*frame)->kind(), FrameKind::outcome);
  EXPECT_EQ((*frame)->key(), "7");
  // An id that the packet has escaped stands beside it.
  const auto other = frame_of({.user = "ada", .kind = FrameKind::progress, .packet = kDone, .job_id = "\xc3\xa9"}, 8);
  EXPECT_EQ((*other)->key(), "\xc3\xa9");
}

TEST(NodeMessage, what_a_client_could_not_read_is_no_frame) {
  for (const char* packet : {"", "2", "42", "40", "42[]", "42[1]", R"(43["a"])", R"(42/x,["a"])", R"(451-["a"])"})
    EXPECT_EQ(why_no_frame({.user = "ada", .packet = packet}), "it is no event") << packet;
  for (const char* packet :
       {R"(42["a")", R"(42["a",])", R"(42["a"]])", R"(42["a",1e400])", "42[\"\xff\"]", R"(42["\ud800"])"})
    EXPECT_EQ(why_no_frame({.user = "ada", .packet = packet}), "it is no JSON") << packet;
  EXPECT_EQ(why_no_frame({.user = "ada", .packet = R"(42["a",[[1]]])"}, 2), "a frame");
  EXPECT_EQ(why_no_frame({.user = "ada", .packet = R"(42["a",[[[1]]]])"}, 2), "it is no JSON");
  RelayedEvent event = done_event();
  const std::string longest(256, 'x'), longer(257, 'x');
  event.job_id = longest;
  EXPECT_EQ(why_no_frame(event), "a frame");
  event.job_id = longer;
  EXPECT_EQ(why_no_frame(event), "its job's id is too long");
  const std::string no_queue =
      "\xff"
      "7\xff" +
      std::string(600, 'x');
  event.job_id = no_queue;
  EXPECT_EQ(why_no_frame(event), "its job's id is too long");
  event = done_event();
  event.kind = FrameKind::event;
  EXPECT_EQ(why_no_frame(event), "it is no job's event");
}

}  // namespace
}  // namespace signalbox::cluster::test
