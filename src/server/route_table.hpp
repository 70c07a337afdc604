#pragma once
#include <span>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "net/application.hpp"
#include "server/path_pattern.hpp"

namespace signalbox::server {

/// A request that was let in, and what its path has in place of the names of its row's pattern.
struct Call {
  const net::RequestHead& head;
  std::string_view body;
  const net::RequestId& id;
  TimePoint now;
  PathParts parts;
};

/// What there is at the address of a request, in a table of Rows: each has a `method` (of GET, HEAD as well) and a
/// `path`, a pattern.
template <class Row>
struct FoundRow {
  const Row* row = nullptr;         ///< none: not by this method
  const Row* at_address = nullptr;  ///< the last that was looked at; none: there is nothing at this address
  PathParts parts{};
  std::string allowed{};  ///< methods, for an answer 405
};

template <class Row>
FoundRow<Row> find_row(std::span<const Row> table, const net::RequestHead& head) {
  FoundRow<Row> found;
  for (const Row& row : table) {
    const auto parts = match_path(row.path, head.path);
    if (!parts) continue;
    const bool get = row.method == "GET";
    found.at_address = &row;
    found.allowed.append(found.allowed.empty() ? "" : ", ").append(get ? "GET, HEAD" : row.method);
    if (head.method != row.method && !(get && head.method == "HEAD")) continue;
    found.row = &row;
    found.parts = *parts;
    break;
  }
  return found;
}

}  // namespace signalbox::server
