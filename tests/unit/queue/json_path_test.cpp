#include "queue/json_path.hpp"

#include <gtest/gtest.h>

namespace signalbox::queue {
namespace {

std::string found(std::string_view setting, std::string_view data) {
  return JsonPaths::parse(setting, {"data"}).value().find("data", data).value_or("nobody");
}

TEST(JsonPath, leads_to_a_text_as_it_is_and_to_a_number_by_its_digits) {
  EXPECT_EQ(found("data.userId", R"({"a":1,"userId":"u 42"})"), "u 42");
  EXPECT_EQ(found("data.userId", R"({"userId":"\u00e9\"x"})"), "é\"x");
  EXPECT_EQ(found("data.userId", R"({"userId": 42 , "b": {}})"), "42");
  EXPECT_EQ(found("data.userId", R"({"userId":12345678901234567890})"), "12345678901234567890");
}

TEST(JsonPath, takes_only_whole_numbers_however_they_are_written) {
  EXPECT_EQ(found("data.userId", R"({"userId":1e3})"), "1000");
  EXPECT_EQ(found("data.userId", R"({"userId":-2.0})"), "-2");
  for (const std::string_view number : {"1.5", "1e-1", "9007199254740993.0", "1e300", "1e999"})
    EXPECT_EQ(found("data.userId", R"({"userId":)" + std::string(number) + "}"), "nobody") << number;
}

TEST(JsonPath, leads_through_objects_and_arrays) {
  EXPECT_EQ(found("data.user.id", R"({"user":{"id":"7"}})"), "7");
  EXPECT_EQ(found("data.1.id", R"([0,{"id":"7"}])"), "7");
  EXPECT_EQ(found("data.1", R"({"1":"7"})"), "7");
  EXPECT_EQ(found("data.userId", R"({"other":{"userId":"7"}})"), "nobody");
  EXPECT_EQ(found("data.2", R"([0,1])"), "nobody");
}

TEST(JsonPath, of_several_the_first_with_an_id_counts) {
  EXPECT_EQ(found("data.userId,data.user.id", R"({"user":{"id":"7"},"userId":"8"})"), "8");
  EXPECT_EQ(found("data.userId , data.user.id", R"({"user":{"id":"7"},"userId":null})"), "7");
  EXPECT_EQ(found("data.userId,data.owner", R"({"userId":"","owner":"9"})"), "9");
  EXPECT_EQ(found("data.userId", R"({"userId":"1","userId":"2"})"), "2") << "as JSON.parse has it";
}

TEST(JsonPath, finds_nobody_in_other_values_and_in_what_is_no_JSON) {
  for (const std::string_view data : {"", "null", "7", "\"userId\"", "{", "{\"userId\"", "{\"userId\":", "[[[",
                                      R"({"userId":true})", R"({"userId":{}})", R"({"userId":[]})"}) {
    EXPECT_EQ(found("data.userId", data), "nobody") << data;
  }
}

TEST(JsonPath, belongs_to_the_value_that_its_root_names) {
  const auto paths = JsonPaths::parse("kwargs.user_id,args.0", {"kwargs", "args"}).value();
  EXPECT_EQ(paths.find("args", R"(["a"])"), "a");
  EXPECT_EQ(paths.find("kwargs", R"({"0":"a"})"), std::nullopt);
  EXPECT_EQ(paths.find("kwargs", R"({"user_id":5})"), "5");
}

TEST(JsonPath, is_refused_with_what_would_be_right) {
  for (const std::string_view setting : {"", "data", "userId", "data.", "data..a", "data.a,", ".a"}) {
    const auto paths = JsonPaths::parse(setting, {"data"});
    ASSERT_FALSE(paths) << setting;
    EXPECT_TRUE(paths.error().contains("data.userId")) << paths.error();
  }
}

}  // namespace
}  // namespace signalbox::queue
