#include "base/query_string.hpp"

#include <algorithm>
#include <utility>

#include "base/percent.hpp"

namespace signalbox {

std::optional<QueryParameter> QueryString::take() {
  const std::size_t end = std::min(rest_.find('&'), rest_.size());
  const std::string_view pair = rest_.substr(0, end);
  rest_.remove_prefix(std::min(end + 1, rest_.size()));
  const std::size_t equals = std::min(pair.find('='), pair.size());
  std::optional<QueryParameter> out(std::in_place);
  if (!percent_decode(pair.substr(0, equals), out->name) ||
      !percent_decode(pair.substr(std::min(equals + 1, pair.size())), out->value))
    out.reset();
  return out;
}

}  // namespace signalbox
