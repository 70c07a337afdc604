#pragma once
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace signalbox::queue {

/// Where in JSON text a user's id stands, as a setting says it: "data.userId", or several with commas, of which the
/// first counts that has one. A step that is a number also means an element of an array.
///
/// thread  any; constant.
class JsonPaths {
 public:
  /// Every path begins with one of `roots`. The error says what would be right.
  static std::expected<JsonPaths, std::string> parse(std::string_view setting, std::vector<std::string_view> roots);

  /// Looks in `value`, which is what `root` names: by the paths that begin with it. A text is the id as it is, a whole
  /// number by its digits; anything else is none. No JSON: nothing is found.
  std::optional<std::string> find(std::string_view root, std::string_view value) const;

  /// The steps of each path, its root first.

 private:
  std::vector<std::vector<std::string>> paths_;
};

}  // namespace signalbox::queue
