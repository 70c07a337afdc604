#include "websocket/frame_decoder.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "support/masked_frame.hpp"

namespace signalbox::websocket {
namespace {

using test::masked_frame;
constexpr unsigned char kText = 0x81, kBinary = 0x82, kClose = 0x88, kPing = 0x89, kPong = 0x8A;
constexpr unsigned char kTextBegins = 0x01, kContinues = 0x00, kEnds = 0x80;

/// What came out, as text: "text:hello", "close:1000:bye", "error:1002".
using Log = std::vector<std::string>;

std::string describe(const Event& event) {
  const std::string data(event.data);
  switch (event.kind) {
    case Event::Kind::text:
      return "text:" + data;
    case Event::Kind::binary:
      return "binary:" + data;
    case Event::Kind::ping:
      return "ping:" + data;
    case Event::Kind::pong:
      return "pong:" + data;
    case Event::Kind::close:
      return "close:" + std::to_string(static_cast<int>(event.code)) + ":" + data;
    case Event::Kind::need_more:
      break;
  }
  return "need_more";
}

/// Feeds the wire in pieces of `step` bytes, each an exact heap copy, so that a sanitizer sees one byte too far; with
/// `spare`, that one takes the decoder's place once it is at rest.
Log decode(std::string_view wire, std::size_t step, FrameDecoder decoder, FrameDecoder* spare = nullptr) {
  Log log;
  while (!wire.empty()) {
    const std::size_t size = std::min(step, wire.size());
    auto copy = std::make_unique<char[]>(size);
    wire.copy(copy.get(), size);
    wire.remove_prefix(size);
    std::span<char> input(copy.get(), size);
    for (;;) {
      auto event = decoder.next(input);
      if (!event) {
        log.push_back("error:" + std::to_string(static_cast<int>(event.error())));
        return log;
      }
      if (event->kind == Event::Kind::need_more) break;
      log.push_back(describe(*event));
    }
    if (spare && decoder.at_rest()) decoder = std::move(*std::exchange(spare, nullptr));
  }
  return log;
}

struct Case {
  const char* name;
  std::string wire;
  Log want;
};

const std::string kSnowman = "\xE2\x98\x83";

std::string raw(std::initializer_list<int> bytes) {
  std::string out;
  for (int byte : bytes) out += static_cast<char>(byte);
  return out;
}

// Source: RFC 6455 §5 and §7.4.
const Case kCases[] = {
    {"the_masked_hello_of_the_rfc",
     raw({0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58}),
     {"text:Hello"}},
    {"an_empty_message_is_a_message", masked_frame(kText, ""), {"text:"}},
    {"two_frames_in_one_read", masked_frame(kText, "a") + masked_frame(kBinary, "b"), {"text:a", "binary:b"}},
    {"a_message_in_fragments", masked_frame(kTextBegins, "Hel") + masked_frame(kEnds, "lo"), {"text:Hello"}},
    {"control_frames_between_fragments",
     masked_frame(kTextBegins, "Hel") + masked_frame(kPing, "?") + masked_frame(kContinues, "") +
         masked_frame(kPong, "!") + masked_frame(kEnds, "lo"),
     {"ping:?", "pong:!", "text:Hello"}},
    {"empty_fragments_only", masked_frame(kTextBegins, "") + masked_frame(kEnds, ""), {"text:"}},
    {"a_fragmented_message_does_not_touch_the_next",
     masked_frame(kTextBegins, "a") + masked_frame(kEnds, "b") + masked_frame(kBinary, "\xff"),
     {"text:ab", "binary:\xff"}},
    {"a_character_may_be_cut_by_fragments",
     masked_frame(kTextBegins, kSnowman.substr(0, 1)) + masked_frame(kEnds, kSnowman.substr(1)),
     {"text:" + kSnowman}},
    {"lengths_of_16_bits", masked_frame(kText, std::string(126, 'x')), {"text:" + std::string(126, 'x')}},
    {"lengths_of_64_bits", masked_frame(kText, std::string(70000, 'x')), {"text:" + std::string(70000, 'x')}},
    {"a_close_without_code", masked_frame(kClose, ""), {"close:1005:"}},
    {"a_close_with_code_and_reason", masked_frame(kClose, raw({0x03, 0xE8}) + "bye"), {"close:1000:bye"}},
    {"a_close_code_of_an_application", masked_frame(kClose, raw({0x0F, 0xA0})), {"close:4000:"}},
    {"a_close_of_one_byte_is_refused", masked_frame(kClose, "x"), {"error:1002"}},
    {"close_code_1005_is_never_sent", masked_frame(kClose, raw({0x03, 0xED})), {"error:1002"}},
    {"close_code_999_does_not_exist", masked_frame(kClose, raw({0x03, 0xE7})), {"error:1002"}},
    {"close_code_2000_is_not_assigned", masked_frame(kClose, raw({0x07, 0xD0})), {"error:1002"}},
    {"a_close_reason_is_utf8", masked_frame(kClose, raw({0x03, 0xE8, 0xFF})), {"error:1007"}},
    {"a_client_must_mask", raw({0x81, 0x00}), {"error:1002"}},
    {"reserved_bits_are_refused", masked_frame(0xC1, "x"), {"error:1002"}},
    {"reserved_opcodes_are_refused", masked_frame(0x83, "x"), {"error:1002"}},
    {"a_control_frame_is_not_fragmented", masked_frame(0x09, "x"), {"error:1002"}},
    {"a_control_frame_is_short", masked_frame(kPing, std::string(126, 'x')), {"error:1002"}},
    {"a_continuation_of_nothing", masked_frame(kEnds, "x"), {"error:1002"}},
    {"a_new_message_inside_another", masked_frame(kTextBegins, "a") + masked_frame(kText, "b"), {"error:1002"}},
    {"a_length_in_more_bytes_than_needed", raw({0x81, 0xFE, 0x00, 0x7D, 0, 0, 0, 0}), {"error:1002"}},
    {"a_length_with_the_highest_bit", raw({0x81, 0xFF, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}), {"error:1002"}},
    {"bytes_that_are_not_utf8", masked_frame(kText, "a\xff"), {"error:1007"}},
    {"an_encoded_surrogate", masked_frame(kText, "\xED\xA0\x80"), {"error:1007"}},
    {"an_overlong_slash", masked_frame(kText, "\xC0\xAF"), {"error:1007"}},
    {"a_message_that_ends_inside_a_character", masked_frame(kText, kSnowman.substr(0, 2)), {"error:1007"}},
    {"a_fragmented_one_too",
     masked_frame(kTextBegins, "a") + masked_frame(kEnds, kSnowman.substr(0, 2)),
     {"error:1007"}},
};

class FrameDecoderCase : public testing::TestWithParam<Case> {};
INSTANTIATE_TEST_SUITE_P(Rfc6455, FrameDecoderCase, testing::ValuesIn(kCases),
                         [](const auto& tested) { return std::string(tested.param.name); });

TEST_P(FrameDecoderCase, whole_or_cut_anywhere_gives_the_same) {
  const Case& c = GetParam();
  for (std::size_t step :
       {std::size_t{1}, std::size_t{2}, std::size_t{3}, std::size_t{7}, std::size_t{4096}, c.wire.size()}) {
    EXPECT_EQ(decode(c.wire, step, FrameDecoder(1'000'000)), c.want) << "in pieces of " << step;
    FrameDecoder another(1'000'000);
    EXPECT_EQ(decode(c.wire, step, FrameDecoder(1'000'000), &another), c.want) << "by two, in pieces of " << step;
  }
}

TEST(FrameDecoder, a_message_over_the_limit_is_refused_from_its_header) {
  const std::string header = masked_frame(kText, std::string(200, 'x')).substr(0, 8);
  EXPECT_EQ(decode(header, header.size(), FrameDecoder(199)), Log{"error:1009"});
  EXPECT_EQ(decode(masked_frame(kText, std::string(200, 'x')), 300, FrameDecoder(200)).size(), 1u);
}

TEST(FrameDecoder, a_length_beyond_all_memory_allocates_nothing) {
  FrameDecoder decoder(1'000'000);
  std::string wire = raw({0x82, 0xFF, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0});
  std::span<char> input(wire);
  EXPECT_EQ(decoder.next(input).error(), CloseCode::too_big);
  EXPECT_EQ(decoder.partial_bytes(), 0u);
}

TEST(FrameDecoder, the_limit_holds_over_all_fragments) {
  const std::string wire = masked_frame(kTextBegins, std::string(60, 'x')) + masked_frame(kEnds, std::string(60, 'x'));
  EXPECT_EQ(decode(wire, wire.size(), FrameDecoder(119)), Log{"error:1009"});
}

TEST(FrameDecoder, fragments_are_counted_even_if_empty) {
  std::string wire = masked_frame(kTextBegins, "");
  for (int i = 0; i < 4; ++i) wire += masked_frame(kContinues, "");
  EXPECT_EQ(decode(wire, 5, FrameDecoder(100, 4)), Log{"error:1008"});
  EXPECT_EQ(decode(wire, 5, FrameDecoder(100, 5)), Log{});
}

TEST(FrameDecoder, keeps_only_what_is_unfinished_and_gives_it_back) {
  FrameDecoder decoder(1000);
  std::string wire = masked_frame(kText, "0123456789");
  std::span<char> begin(wire.data(), wire.size() - 4), rest(wire.data() + wire.size() - 4, 4);
  EXPECT_EQ(decoder.next(begin)->kind, Event::Kind::need_more);
  EXPECT_EQ(decoder.partial_bytes(), 6u);
  EXPECT_EQ(decoder.next(rest)->data, "0123456789");
  EXPECT_EQ(decoder.next(rest)->kind, Event::Kind::need_more);
  EXPECT_EQ(decoder.partial_bytes(), 0u);
}

}  // namespace
}  // namespace signalbox::websocket
