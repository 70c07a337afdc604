#include "queue/outbox_entry.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace signalbox::queue::test {
namespace {

redis::Reply text(std::string value) {
  return {.kind = redis::Reply::Kind::text, .text = std::move(value)};
}

redis::Reply array(std::vector<redis::Reply> elements) {
  return {.kind = redis::Reply::Kind::array, .elements = std::move(elements)};
}

/// "42 e {…}", or why it can never be told.
std::string shown(const std::vector<std::string>& fields) {
  std::vector<redis::Reply> texts;
  for (const std::string& field : fields) texts.push_back(text(field));
  const OutboxEntry entry =
      read_outbox_entry(array({text("1-0"), array(std::move(texts))}), {.data_bytes = 100, .json_depth = 4});
  EXPECT_EQ(entry.id, "1-0");
  return entry.event ? entry.event->user + " " + entry.event->event + " " + entry.event->arguments
                     : entry.event.error();
}

TEST(OutboxEntry, has_three_fields_in_any_order_and_others_beside_them) {
  EXPECT_EQ(shown({"userId", "42", "event", "e", "data", R"({"a":1})"}), R"(42 e [{"a":1}])");
  EXPECT_EQ(shown({"data", "[1]", "trace", "x", "event", "e", "userId", "42"}), "42 e [[1]]");
  EXPECT_EQ(shown({"userId", "42", "event", "e"}), "42 e [null]");
}

TEST(OutboxEntry, that_can_never_be_told_says_why) {
  const std::string user = "userId: give text of 1 to 256 bytes without control characters";
  EXPECT_EQ(shown({}), user);
  EXPECT_EQ(shown({"event", "e", "data", "1"}), user);
  EXPECT_EQ(shown({"userId", "a\nb", "event", "e"}), user);
  EXPECT_EQ(shown({"userId", "42", "data", "1"}), "event: An event's name is UTF-8 text of 1 to 256 bytes.");
  EXPECT_EQ(shown({"userId", "42", "event", "disconnect"}), "event: Socket.IO keeps this event's name for itself.");
  EXPECT_EQ(shown({"userId", "42", "event", "e", "data", "{"}), "data: is not JSON that a browser can read");
  EXPECT_EQ(shown({"userId", "42", "event", "e", "data", "[[[[[1]]]]]"}), "data: is not JSON that a browser can read");
  EXPECT_EQ(shown({"userId", "42", "event", "e", "data", "\"" + std::string(100, 'x') + "\""}),
            "data: is larger than MAX_PAYLOAD_BYTES");
}

TEST(OutboxEntry, has_its_place_in_the_stream) {
  const auto place = [](const std::string& id) {
    const redis::Reply fields = array({text("userId"), text("42"), text("event"), text("e")});
    return read_outbox_entry(array({text(id), fields}), {.data_bytes = 100, .json_depth = 4}).event->place;
  };
  EXPECT_NE(place("1795473902683-0"), 0u);
  EXPECT_LT(place("1795473902683-0"), place("1795473902683-1"));
  EXPECT_LT(place("1795473902683-65535"), place("1795473902684-0"));
  EXPECT_EQ(place("1795473902683-65536"), 0u) << "of an id that is not Redis' own";
}

TEST(OutboxEntry, of_another_shape_is_none) {
  EXPECT_FALSE(read_outbox_entry(text("x"), {.data_bytes = 100, .json_depth = 4}).event);
}

}  // namespace
}  // namespace signalbox::queue::test
