#include "cluster/msgpack.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "bytes.hpp"

namespace signalbox::cluster::test {
namespace {

constexpr UnpackLimits kLimits{.bytes = 1000, .depth = 4, .attachments = 2};

std::string json_of(std::string_view digits) {
  auto unpacked = unpack(bytes(digits), kLimits);
  return unpacked ? unpacked->json : std::string(unpacked.error());
}

TEST(Msgpack, is_the_json_that_it_stands_for) {
  EXPECT_EQ(json_of("c0"), "null");
  EXPECT_EQ(json_of("c2"), "false");
  EXPECT_EQ(json_of("c3"), "true");
  EXPECT_EQ(json_of("32"), "50");
  EXPECT_EQ(json_of("ff"), "-1");
  EXPECT_EQ(json_of("d1 8000"), "-32768");
  EXPECT_EQ(json_of("cf 0020000000000000"), "9007199254740992");
  EXPECT_EQ(json_of("cb 3ff8000000000000"), "1.5");
  EXPECT_EQ(json_of("a2 6869"), R"("hi")");
  EXPECT_EQ(json_of("d9 03 22 5c 0a"), R"("\"\\\n")");
  EXPECT_EQ(json_of("80"), "{}");
  EXPECT_EQ(json_of("90"), "[]");
  EXPECT_EQ(json_of("82 a161 92 01 80 a162 91 c0"), R"({"a":[1,{}],"b":[null]})");
}

TEST(Msgpack, has_no_value_that_json_has_not) {
  EXPECT_EQ(json_of("cb 7ff8000000000000"), "null") << "NaN";
  EXPECT_EQ(json_of("cb fff0000000000000"), "null") << "-Infinity";
  EXPECT_EQ(json_of("a2 c328"), "\"\xEF\xBF\xBD(\"") << "which is not UTF-8";
}

TEST(Msgpack, has_dates_as_a_browser_writes_them) {
  EXPECT_EQ(json_of("d6 ff 00000000"), R"("1970-01-01T00:00:00.000Z")");
  EXPECT_EQ(json_of("d7 ff 1dcd6500 6718f5c8"), R"("2024-10-23T13:10:32.125Z")");
  EXPECT_EQ(json_of("c7 0c ff 00000000 ffffffffffffffff"), R"("1969-12-31T23:59:59.000Z")");
  EXPECT_EQ(json_of("c7 0c ff 00000000 0000003afff44180"), R"("+010000-01-01T00:00:00.000Z")");
  EXPECT_EQ(json_of("c7 0c ff 00000000 7fffffffffffffff"), "null");
  EXPECT_EQ(json_of("c7 0c ff ffffffff 0000000000000000"), "null") << "four seconds of nanoseconds";
}

TEST(Msgpack, has_its_bytes_apart) {
  const auto unpacked = unpack(bytes("92 c402 0001 81 a162 c400"), kLimits);
  ASSERT_TRUE(unpacked);
  EXPECT_EQ(unpacked->json, R"([{"_placeholder":true,"num":0},{"b":{"_placeholder":true,"num":1}}])");
  EXPECT_EQ(unpacked->attachments, (std::vector<std::string>{std::string("\0\1", 2), ""}));
}

TEST(Msgpack, is_refused_when_it_is_not_one_whole_value) {
  const std::string whole = bytes("82 a161 92 cd0100 a3616263 a162 c402 0001");
  ASSERT_TRUE(unpack(whole, kLimits));
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_FALSE(unpack(std::string_view(whole).substr(0, size), kLimits)) << size;
  EXPECT_EQ(json_of("c0 c0"), "it is not MessagePack");
  EXPECT_EQ(json_of("c1"), "it is not MessagePack");
  EXPECT_EQ(json_of("81 01 02"), "it is not MessagePack") << "a key is text";
  EXPECT_EQ(json_of("dd ffffffff"), "it is not MessagePack") << "four thousand million items that are not there";
  EXPECT_EQ(json_of("db ffffffff 61"), "it is not MessagePack");
}

TEST(Msgpack, is_read_as_older_emitters_write_it) {
  EXPECT_EQ(json_of("d7 00 00000000 00000005"), R"("1970-01-01T00:00:00.005Z")");
  EXPECT_EQ(json_of("d7 00 ffffffff ffffffff"), R"("1969-12-31T23:59:59.999Z")");
  EXPECT_EQ(json_of("92 d4 00 00 01"), "[null,1]") << "undefined";
  EXPECT_EQ(json_of("83 a161 d4 00 00 a162 01 a163 d4 00 00"), R"({"b":1})");
  const auto with_bytes = unpack(bytes("c7 03 00 616263"), kLimits);
  ASSERT_TRUE(with_bytes);
  EXPECT_EQ(with_bytes->json, R"({"_placeholder":true,"num":0})");
  EXPECT_EQ(with_bytes->attachments, std::vector<std::string>{"abc"});
}

TEST(Msgpack, is_bounded) {
  EXPECT_EQ(json_of("91 91 91 91 c0"), "[[[[null]]]]");
  EXPECT_EQ(json_of("91 91 91 91 91 c0"), "it is nested too deeply");
  EXPECT_EQ(json_of("93 c400 c400 c400"), "it has too many attachments");
  EXPECT_EQ(json_of("d4 01 00"), "it has an extension type that is no timestamp");
  EXPECT_FALSE(unpack(bytes("da03e8") + std::string(1000, 'x'), kLimits));
  EXPECT_FALSE(unpack(bytes("c503e8") + std::string(1000, 'x'), kLimits)) << "bytes count as well";
  EXPECT_FALSE(unpack(bytes("da00c8") + std::string(200, '\1'), kLimits)) << "what is escaped is longer";
  EXPECT_TRUE(unpack(bytes("da00a0") + std::string(160, '\1'), kLimits));
}

}  // namespace
}  // namespace signalbox::cluster::test
