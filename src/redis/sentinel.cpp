#include "redis/sentinel.hpp"

#include <fmt/format.h>

#include "base/whole_number.hpp"

namespace signalbox::redis {

std::expected<Host, Error> primary_of(const Answer& answer, const std::string& name) {
  if (!answer) return std::unexpected(answer.error());
  if (answer->is_nil())
    return std::unexpected(Error{
        .kind = Error::Kind::down,
        .text = fmt::format("the sentinel knows no primary '{}': REDIS_URL must name one that it watches", name)});
  const auto& parts = answer->elements;
  const auto port = parts.size() == 2 ? whole_number<std::uint16_t>(parts[1].text) : std::nullopt;
  if (!port || parts[0].text.empty())
    return std::unexpected(Error{.kind = Error::Kind::down, .text = "what answers is no sentinel"});
  return Host{.name = parts[0].text, .port = *port};
}

std::optional<Error> not_primary(const Answer& answer) {
  if (!answer) return answer.error();
  if (!answer->elements.empty() && answer->elements[0].text == "master") return std::nullopt;
  return Error{.kind = Error::Kind::down,
               .text = "the sentinels name a server that is not the primary: a failover may be under way"};
}

}  // namespace signalbox::redis
