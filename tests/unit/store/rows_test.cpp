// What names an outcome among those of all nodes: the store's name, and a row that no other start has used.
#include <gtest/gtest.h>

#include <filesystem>

#include "store_fixture.hpp"

namespace signalbox::store::test {
namespace {

TEST_F(Store, has_a_name_that_stays) {
  std::string name;
  {
    SqliteStore store(directory);
    name = store.name();
    EXPECT_GE(name.size(), 8u);
    EXPECT_EQ(store.name(), name);
  }
  {
    SqliteStore store(directory);
    EXPECT_EQ(store.name(), name);
  }
  std::filesystem::remove_all(directory);
  SqliteStore other(directory);
  EXPECT_NE(other.name(), name);
}

TEST_F(Store, with_unique_rows_no_start_uses_a_row_of_another_though_all_outcomes_are_gone) {
  Row newest = 0;
  for (int start = 0; start < 3; ++start) {
    SqliteStore store(directory, {.unique_rows = true});
    EXPECT_TRUE(all(store).empty());
    for (int i = 0; i < 3; ++i) {
      const Row row = put(store, "ada", outcome("1", 1));
      EXPECT_GT(row, newest);
      EXPECT_EQ(row >> 52, 0u);
      newest = row;
      store.forget({row});
    }
    EXPECT_TRUE(committed(store));
  }
}

TEST_F(Store, that_has_had_unique_rows_goes_on_with_them) {
  Row newest = 0;
  for (const bool unique_rows : {true, false, true, false}) {
    SqliteStore store(directory, {.unique_rows = unique_rows});
    const Row row = put(store, "ada", outcome("1", 1));
    EXPECT_GT(row, newest);
    newest = row;
    store.forget({row});
    EXPECT_TRUE(committed(store));
  }
}

}  // namespace
}  // namespace signalbox::store::test
