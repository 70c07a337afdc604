#include "base/query_string.hpp"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

#include "base/text.hpp"

namespace signalbox {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

Pairs all(std::string_view text) {
  Pairs out;
  for (QueryString query(text); !query.over();) {
    auto one = query.take();
    out.emplace_back(one ? one->name : "malformed", one ? one->value : "");
  }
  return out;
}

TEST(QueryString, gives_its_parameters_decoded_and_in_their_order) {
  EXPECT_EQ(all("a=1&b%20c=d+e&a=2"), (Pairs{{"a", "1"}, {"b c", "d e"}, {"a", "2"}}));
}

TEST(QueryString, takes_what_has_no_value_and_what_has_no_name) {
  EXPECT_EQ(all("a&=b&&c=&d=e=f"), (Pairs{{"a", ""}, {"", "b"}, {"", ""}, {"c", ""}, {"d", "e=f"}}));
  EXPECT_EQ(all(""), Pairs{});
  EXPECT_EQ(all("a=1&"), (Pairs{{"a", "1"}}));
}

TEST(QueryString, says_which_parameter_is_malformed_and_goes_on) {
  EXPECT_EQ(all("a=%&b=%4&%zz=1&c=3"), (Pairs{{"malformed", ""}, {"malformed", ""}, {"malformed", ""}, {"c", "3"}}));
}

TEST(Text, is_compared_in_any_case_of_ascii_alone) {
  EXPECT_TRUE(equal_ignoring_case("Content-TYPE", "content-type"));
  EXPECT_FALSE(equal_ignoring_case("a", "ab"));
  EXPECT_FALSE(equal_ignoring_case("@", "`"));  // one bit apart, as A and a are
  EXPECT_EQ(lower("Ää[Z"), "Ää[z");
}

}  // namespace
}  // namespace signalbox
