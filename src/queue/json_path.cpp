#include "queue/json_path.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <span>

#include "base/json_scan.hpp"
#include "base/text.hpp"
#include "base/whole_number.hpp"

namespace signalbox::queue {
namespace {

/// The value that this step leads to. Of members of one name the last, as JSON.parse has it.
std::optional<std::string_view> go(std::string_view value, const std::string& step) {
  JsonItems items(value);
  if (!items.is_array()) {
    const auto member = json_member(value, step);
    return member ? std::optional<std::string_view>(*member) : std::nullopt;
  }
  const auto index = whole_number<std::size_t>(step);
  if (!index) return std::nullopt;
  auto item = items.next();
  for (std::size_t i = 0; item && i < *index; ++i) item = items.next();
  return item;
}

/// Of whole numbers the digits. One with a fraction or an exponent may be whole as well.
std::optional<std::string> whole(std::string_view number) {
  if (json_is_integer(number)) return std::string(number);
  double value = 0;
  const char* const end = number.data() + number.size();
  const auto [at, error] = std::from_chars(number.data(), end, value);
  const bool is_whole = error == std::errc() && at == end && std::trunc(value) == value && std::abs(value) < 0x1p53;
  return is_whole ? std::optional(fmt::format("{:.0f}", value)) : std::nullopt;
}

std::optional<std::string> user_in(std::string_view value) {
  if (value.starts_with('"')) {
    auto text = json_string(value);
    return text && !text->empty() ? std::move(text) : std::nullopt;
  }
  const bool number = !value.empty() && (value[0] == '-' || (value[0] >= '0' && value[0] <= '9'));
  return number ? whole(value) : std::nullopt;
}

std::optional<std::string> find(std::string_view value, std::span<const std::string> steps) {
  for (const std::string& step : steps) {
    const auto next = go(value, step);
    if (!next) return std::nullopt;
    value = *next;
  }
  return user_in(value);
}

}  // namespace

std::expected<JsonPaths, std::string> JsonPaths::parse(std::string_view setting, std::vector<std::string_view> roots) {
  JsonPaths out;
  for (const std::string_view path : split(setting, ',')) {
    const auto steps = split(path, '.');
    const bool whole = steps.size() > 1 && std::ranges::none_of(steps, &std::string_view::empty);
    if (!whole || std::ranges::find(roots, steps[0]) == roots.end())
      return std::unexpected(fmt::format("allowed: paths with commas between, such as {}.userId, that begin with {}",
                                         roots[0], fmt::join(roots, ". or ")));
    out.paths_.emplace_back(steps.begin(), steps.end());
  }
  if (out.paths_.empty()) return std::unexpected(fmt::format("allowed: a path, such as {}.userId", roots[0]));
  return out;
}

std::optional<std::string> JsonPaths::find(std::string_view root, std::string_view value) const {
  for (const auto& path : paths_) {
    if (path[0] != root) continue;
    if (auto user = queue::find(value, std::span(path).subspan(1))) return user;
  }
  return std::nullopt;
}

}  // namespace signalbox::queue
