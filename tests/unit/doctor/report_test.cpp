#include "doctor/report.hpp"

#include <gtest/gtest.h>
#include <signalbox/json.hpp>

namespace app::doctor {
namespace {

const Findings kFindings = {
    {.check = "polling", .what = "Polling works."},
    {.check = "token", .state = State::hurts, .what = "It says \x1b[2J\nno.", .remedy = "Sign another."}};

TEST(Report, for_people_shows_what_hurts_and_lets_nobody_else_write_on_the_terminal) {
  EXPECT_EQ(report_text("https://a.example", kFindings),
            "https://a.example\n"
            "well    Polling works.\n"
            "HURTS   It says  [2J no.\n"
            "        -> Sign another.\n");
}

TEST(Report, is_short_whatever_others_said) {
  const std::string much = "It says " + std::string(700, 'x');
  for (const auto& report :
       {report_text("a", {{.check = "token", .what = much}}), report_json("a", {{.check = "token", .what = much}})})
    EXPECT_TRUE(report.find("xx…") != std::string::npos && report.size() < 800) << report;
  EXPECT_EQ(report_text("a", {{.check = "token",
                               .what = "\xc2\x9b"
                                       "2J \xc3\xa9"}}),
            "a\nwell      2J \xc3\xa9\n")
      << "C1 of Unicode";
}

TEST(Report, for_programs_is_an_object) {
  const auto report = signalbox::json::parse(report_json("https://a.example", kFindings));
  EXPECT_EQ(report["well"], false);
  EXPECT_EQ(report["findings"][1]["check"], "token");
  EXPECT_EQ(report["findings"][1]["state"], "hurts");
  EXPECT_EQ(report["findings"][0]["remedy"], "");
  EXPECT_TRUE(signalbox::json::accept(report_json("x", {{.check = "token", .what = "\xff"}}))) << "a proxy's bytes";
}

}  // namespace
}  // namespace app::doctor
