#include "server/page_query.hpp"

#include "base/query_string.hpp"
#include "base/whole_number.hpp"
#include "users/encode.hpp"
#include "users/job_page.hpp"
#include "users/online_pages.hpp"

namespace signalbox::server {
const PagedList kUserPages = {users::OnlinePages::kMost,
                              [](std::string_view after) { return users::valid_user_id(after); },
                              "limit: give one whole number from 1 to 10000.", "after: give one user id."};
const PagedList kJobPages = {
    users::JobQuery::kMost, [](std::string_view after) { return whole_number<std::uint64_t>(after).has_value(); },
    "limit: give one whole number from 1 to 1000.", "after: give one number, that of the Link in an answer."};

std::uint64_t Page::after_number() const {
  return whole_number<std::uint64_t>(after).value_or(0);
}

std::expected<Page, std::string_view> page_of(std::string_view query, const PagedList& list) {
  Page page;
  bool seen_limit = false, seen_after = false;
  for (QueryString parameters(query); !parameters.over();) {
    auto one = parameters.take();
    if (!one) return std::unexpected("The query is not properly percent-encoded.");
    if (one->name == "limit") {
      const auto limit = whole_number<std::size_t>(one->value);
      if (seen_limit || !limit || *limit < 1 || *limit > list.most) return std::unexpected(list.wrong_limit);
      seen_limit = true;
      page.limit = *limit;
    } else if (one->name == "after") {
      if (seen_after || (!one->value.empty() && !list.fits(one->value))) return std::unexpected(list.wrong_after);
      seen_after = true;
      page.after = std::move(one->value);
    }
  }
  return page;
}

}  // namespace signalbox::server
