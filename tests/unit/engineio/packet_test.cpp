#include "engineio/packet.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace signalbox::engineio {
namespace {

std::vector<std::string> packets(std::string_view body, std::size_t max = 1000) {
  std::vector<std::string> out;
  for (PayloadReader reader(body, max); !reader.done();) {
    const auto packet = reader.next();
    if (!packet) {
      out.emplace_back("error");
      break;
    }
    out.push_back(static_cast<char>(packet->type) + std::string(packet->data));
  }
  return out;
}
using List = std::vector<std::string>;

// Source: Engine.IO protocol v4, "HTTP long-polling", "Packet encoding".
TEST(Payload, packets_are_separated_by_one_byte) {
  EXPECT_EQ(packets("4hello\x1e"
                    "2\x1e"
                    "4world"),
            (List{"4hello", "2", "4world"}));
  EXPECT_EQ(packets("bAQIDBA=="), List{"bAQIDBA=="});
}
TEST(Payload, an_empty_packet_ends_it_after_those_before) {
  EXPECT_EQ(packets(""), List{"error"});
  EXPECT_EQ(packets("4a\x1e\x1e"
                    "4b"),
            (List{"4a", "error"}));
  EXPECT_EQ(packets("4a\x1e"), (List{"4a", "error"}));
}
TEST(Payload, one_packet_too_many_ends_it) {
  EXPECT_EQ(packets("4\x1e"
                    "4\x1e"
                    "4",
                    2),
            (List{"4", "4", "error"}));
}
TEST(Payload, an_unknown_type_ends_it) {
  EXPECT_EQ(packets("7"), List{"error"});
}
TEST(Packet, base64_belongs_to_payloads_alone) {
  EXPECT_FALSE(decode_packet("bAQ==", false));
}

}  // namespace
}  // namespace signalbox::engineio
