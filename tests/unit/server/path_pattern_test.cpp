#include "server/path_pattern.hpp"

#include <gtest/gtest.h>

#include <string>

namespace signalbox::server {
namespace {

/// What stands in place of the names, with a space between, or "none".
std::string matched(std::string_view pattern, std::string_view path) {
  const auto parts = match_path(pattern, path);
  return parts ? std::string((*parts)[0]) + ' ' + std::string((*parts)[1]) : "none";
}

TEST(PathPattern, without_names_fits_one_path) {
  EXPECT_EQ(matched("/readyz", "/readyz"), " ");
  for (const char* path : {"/readyz/", "/ready", "/readyz2", "readyz", "", "/", "//readyz"}) {
    EXPECT_EQ(matched("/readyz", path), "none") << path;
  }
}

TEST(PathPattern, has_names_where_one_segment_stands_that_is_not_empty) {
  EXPECT_EQ(matched("/api/presence/{user}", "/api/presence/ada"), "ada ");
  EXPECT_EQ(matched("/api/presence/{user}", "/api/presence/a%2Fb+c"), "a%2Fb+c ");
  EXPECT_EQ(matched("/users/{user}/jobs/{job}", "/users/ada/jobs/7"), "ada 7");
  EXPECT_EQ(matched("/users/{user}/jobs", "/users/jobs/jobs"), "jobs ");
  for (const char* path : {"/users//jobs/7", "/users/ada/jobs/", "/users/ada/jobs", "/users/ada/jobs/7/",
                           "/users/a/b/jobs/7", "/users/ada/job/7", "/users"}) {
    EXPECT_EQ(matched("/users/{user}/jobs/{job}", path), "none") << path;
  }
}

}  // namespace
}  // namespace signalbox::server
