#include "server/admin/trace_stream.hpp"

#include <gtest/gtest.h>

// The lines of a trace as server-sent events.
namespace signalbox::server::admin {
namespace {

std::string taken(TraceStream& stream) {
  std::string piece;
  stream.take(piece);
  return piece;
}

TEST(TraceStream, speaks_at_once) {
  TraceStream stream;
  EXPECT_EQ(taken(stream), ": trace\n\n");
  EXPECT_TRUE(stream.empty());
}

TEST(TraceStream, is_an_event_a_line_and_says_what_was_lost_behind_them) {
  TraceStream stream;
  taken(stream);
  stream.add({.text = "{\"a\":1}\n{\"a\":2}\n", .count = 2, .lost = 3}, 17);
  EXPECT_EQ(taken(stream), "data: {\"a\":1}\n\ndata: {\"a\":2}\n\ndata: {\"at\":17,\"what\":\"lost\",\"count\":3}\n\n");
}

TEST(TraceStream, loses_what_there_is_no_room_for) {
  TraceStream stream;
  taken(stream);
  const std::string line = '"' + std::string(1000, 'x') + "\"\n";
  for (int i = 0; i < 1000; ++i) stream.add({.text = line, .count = 1}, 17);
  EXPECT_LT(stream.bytes(), TraceStream::kMostBytes + 2000);
  std::size_t events = 0;
  std::string all, piece;
  while (!(piece = taken(stream)).empty()) {
    EXPECT_LE(piece.size(), TraceStream::kMostBytes);
    EXPECT_TRUE(piece.starts_with("data: ") && piece.ends_with("\n\n"));
    all += piece;
  }
  for (std::size_t at = 0; (at = all.find("data: \"", at)) != all.npos; ++at) ++events;
  EXPECT_TRUE(all.contains("\"what\":\"lost\",\"count\":" + std::to_string(1000 - events) + '}'));
}

TEST(TraceStream, comments_only_where_nothing_else_waits) {
  TraceStream stream;
  taken(stream);
  stream.comment();
  EXPECT_EQ(taken(stream), ":\n\n");
  stream.add({.text = "1\n", .count = 1}, 17);
  stream.comment();
  EXPECT_EQ(taken(stream), "data: 1\n\n");
}

TEST(TraceStream, has_one_end_and_nothing_behind_it) {
  TraceStream stream;
  taken(stream);
  stream.end();
  stream.end();
  stream.add({.text = "1\n", .count = 1}, 17);
  EXPECT_TRUE(stream.ended());
  EXPECT_EQ(taken(stream), "event: end\ndata: {}\n\n");
}

}  // namespace
}  // namespace signalbox::server::admin
