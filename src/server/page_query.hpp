#pragma once
#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

namespace signalbox::server {

/// Which page of a list a query asks for.
struct Page {
  std::size_t limit = 1000;
  std::string after;  ///< empty: from the beginning

  std::uint64_t after_number() const;  ///< of a list that is numbered
};

/// A list that is given in pages: the longest page, and the errors for a wrong query.
struct PagedList {
  std::size_t most;  ///< of `limit`
  bool (*fits)(std::string_view after);
  std::string_view wrong_limit, wrong_after;
};
extern const PagedList kUserPages, kJobPages;

/// `limit` and `after` of a query; what else stands in it is left alone. Or a sentence on what is wrong.
std::expected<Page, std::string_view> page_of(std::string_view query, const PagedList& list);

}  // namespace signalbox::server
